/** Exchanges the token for session credentials: AssumeRoleWithWebIdentity, an unsigned call. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import type { CloudRequest, Credentials, SignedToken } from '../contract/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { parseResponse } from '../request.ts';
import { withRetries } from '../retry.ts';
import { connectEndpoints, isRegional, tryEndpoints as tryInTurn } from './endpoints.ts';
import { accountOf } from './partitions.ts';
import type { NarrowedTarget } from './purpose.ts';
import type { AwsSettings } from './settings.ts';

const credentials = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});

/** @throws {SojournError} `cloud_…`, or `connection_incomplete` while the role is unknown. */
export async function exchange(
  target: NarrowedTarget,
  request: CloudRequest<AwsSettings>,
): Promise<Credentials> {
  const { role_arn, region } = target;
  if (!role_arn || !region) throw new SojournError('connection_incomplete');
  const endpoints = await connectEndpoints(region, request.settings);
  let token: SignedToken | undefined;
  let expirations = 0;
  const attempt = tryInTurn(endpoints, request.signal, async (assumeRole, signal) => {
    token ??= await request.sign();
    return assumeRole(inputFor(target, role_arn, token, request), signal);
  });
  const response = await withRetries(attempt, request.signal, (error) => {
    if (isRegional(error)) return endpoints.length > 1 && !request.signal.aborted;
    if (!isExpired(error)) return false;
    // Retry once with a fresh token: if that has expired as well, the cause is not transient.
    token = undefined;
    expirations += 1;
    return expirations === 1;
  });
  const keys = parseResponse(credentials, response.Credentials, 'STS');
  return {
    expiresAt: keys.Expiration.getTime(),
    credentials: {
      access_key_id: keys.AccessKeyId,
      secret_access_key: keys.SecretAccessKey,
      session_token: keys.SessionToken,
      account_id: accountOf(role_arn),
      region,
    },
  };
}

const inputFor = (
  { duration_seconds, session_policy, policy_arns }: NarrowedTarget,
  role: string,
  { token, jti }: SignedToken,
  { connection, notAfter, now }: CloudRequest<AwsSettings>,
) => ({
  RoleArn: role,
  RoleSessionName: sessionName(connection, jti),
  WebIdentityToken: token,
  DurationSeconds:
    notAfter === undefined ? duration_seconds : durationUntil(notAfter, duration_seconds, now()),
  ...(session_policy === undefined ? {} : { Policy: session_policy }),
  ...(policy_arns === undefined ? {} : { PolicyArns: policy_arns.map((arn) => ({ arn })) }),
});

/** The shortest session of STS (API reference, AssumeRoleWithWebIdentity). */
const minSeconds = 900;

const durationUntil = (notAfter: number, maxSeconds: number, now: number): number =>
  Math.max(minSeconds, Math.min(maxSeconds, Math.floor((notAfter - now) / 1000)));

/** The customer finds it in CloudTrail: the connection, and the jti of our audit line. STS allows 64 characters. */
const sessionName = (connection: string, jti: string): string =>
  `${connection}-${jti}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);

const isExpired = (error: SojournError): boolean => cloudResponseOf(error).code === 'ExpiredToken';
