/** Exchanges the token for session credentials: AssumeRoleWithWebIdentity, an unsigned call, then AssumeRole for a chained role. */
import { SojournError } from '../../platform/errors/index.ts';
import type { CloudRequest, Credentials, SignedToken } from '../contract/index.ts';
import { cloudResponseOf } from '../explanation.ts';
import { parseResponse } from '../request.ts';
import { withRetries } from '../retry.ts';
import { assumeRole } from './chain.ts';
import { connectEndpoints, isRegional, tryEndpoints as tryInTurn } from './endpoints.ts';
import { type SessionKeys, sessionKeys } from './keys.ts';
import { accountOf } from './partitions.ts';
import type { NarrowedTarget } from './purpose.ts';
import type { AwsSettings } from './settings.ts';

/** @throws {SojournError} `cloud_…`, or `connection_incomplete` while the role is unknown. */
export async function exchange(
  target: NarrowedTarget,
  request: CloudRequest<AwsSettings>,
): Promise<Credentials> {
  const { role_arn, region, chained_role_arn, external_id } = target;
  if (!role_arn || !region) throw new SojournError('connection_incomplete');
  const endpoints = await connectEndpoints(region, request.settings);
  let token: SignedToken | undefined;
  let expirations = 0;
  const attempt = tryInTurn(endpoints, request.signal, async (assumeWithToken, signal) => {
    token ??= await request.sign();
    return assumeWithToken(inputFor(target, role_arn, token, request), signal);
  });
  const response = await withRetries(attempt, request.signal, (error) => {
    if (isRegional(error)) return endpoints.length > 1 && !request.signal.aborted;
    if (!isExpired(error)) return false;
    // Retry once with a fresh token: if that has expired as well, the cause is not transient.
    token = undefined;
    expirations += 1;
    return expirations === 1;
  });
  const first = sessionOf(parseResponse(sessionKeys, response.Credentials, 'STS'), role_arn, region);
  if (chained_role_arn === undefined || token === undefined) return first;
  const parameters = {
    RoleArn: chained_role_arn,
    RoleSessionName: sessionName(target, request.connection, token.jti),
    DurationSeconds: String(durationOf(target, request)),
    ...(external_id === undefined ? {} : { ExternalId: external_id }),
    ...policyParameters(target),
  };
  const keys = await assumeRole(parameters, { region, credentials: first }, request);
  return sessionOf(keys, chained_role_arn, region);
}

const sessionOf = (keys: SessionKeys, role: string, region: string): Credentials => ({
  expiresAt: keys.Expiration.getTime(),
  credentials: {
    access_key_id: keys.AccessKeyId,
    secret_access_key: keys.SecretAccessKey,
    session_token: keys.SessionToken,
    account_id: accountOf(role),
    region,
  },
});

/** The policies narrow the last session: the first one needs the permission to assume the second role. */
function inputFor(
  target: NarrowedTarget,
  role: string,
  { token, jti }: SignedToken,
  request: CloudRequest<AwsSettings>,
) {
  const { session_policy, policy_arns, chained_role_arn } = target;
  const isLast = chained_role_arn === undefined;
  return {
    RoleArn: role,
    RoleSessionName: sessionName(target, request.connection, jti),
    WebIdentityToken: token,
    DurationSeconds: durationOf(target, request),
    ...(isLast && session_policy !== undefined ? { Policy: session_policy } : {}),
    ...(isLast && policy_arns !== undefined ? { PolicyArns: policy_arns.map((arn) => ({ arn })) } : {}),
  };
}

const policyParameters = ({ session_policy, policy_arns = [] }: NarrowedTarget): Record<string, string> => ({
  ...(session_policy === undefined ? {} : { Policy: session_policy }),
  ...Object.fromEntries(policy_arns.map((arn, index) => [`PolicyArns.member.${index + 1}.arn`, arn])),
});

/** The shortest session of STS (API reference, AssumeRoleWithWebIdentity). */
const minSeconds = 900;

const durationOf = (
  { duration_seconds }: NarrowedTarget,
  { notAfter, now }: CloudRequest<AwsSettings>,
): number =>
  notAfter === undefined
    ? duration_seconds
    : Math.max(minSeconds, Math.min(duration_seconds, Math.floor((notAfter - now()) / 1000)));

/** The customer finds it in CloudTrail: by default the connection, and the jti of our audit line. STS allows 64 characters. */
const sessionName = ({ role_session_name }: NarrowedTarget, connection: string, jti: string): string =>
  role_session_name ?? `${connection}-${jti}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);

const isExpired = (error: SojournError): boolean => cloudResponseOf(error).code === 'ExpiredToken';
