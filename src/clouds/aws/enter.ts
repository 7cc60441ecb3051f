/** Trades the token for the keys of a session: AssumeRoleWithWebIdentity, which nobody signs. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { parseResponse } from '../ask.ts';
import type { CloudRequest, Credentials, SignedToken } from '../contract.ts';
import { cloudResponseOf } from '../explanation.ts';
import { withRetries } from '../retry.ts';
import type { NarrowedTarget } from './purpose.ts';
import { inTurn, isOfRegion, waysTo } from './ways.ts';

const credentials = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});

/** Rejects with `cloud_…`, or `connection_incomplete` while the role is not known. */
export async function exchange(target: NarrowedTarget, visit: CloudRequest): Promise<Credentials> {
  const { role_arn, region } = target;
  if (!role_arn || !region) throw new SojournError('connection_incomplete');
  const ways = await waysTo(region, visit.endpoints.aws);
  let minted: SignedToken | undefined;
  let expirations = 0;
  const attempt = inTurn(ways, visit.signal, async (assumeRole, signal) => {
    minted ??= await visit.sign();
    return assumeRole(inputFor(target, role_arn, minted, visit), signal);
  });
  const answer = await withRetries(attempt, visit.signal, (error) => {
    if (isOfRegion(error)) return ways.length > 1 && !visit.signal.aborted;
    if (!isExpired(error)) return isIssuerUnheard(error);
    // One fresh token, within the tries that there are: a second one that expired is no matter of the moment.
    minted = undefined;
    expirations += 1;
    return expirations === 1;
  });
  const keys = parseResponse(credentials, answer.Credentials, 'STS');
  return {
    expiresAt: keys.Expiration.getTime(),
    credentials: {
      access_key_id: keys.AccessKeyId,
      secret_access_key: keys.SecretAccessKey,
      session_token: keys.SessionToken,
    },
  };
}

const inputFor = (
  { duration_seconds, session_policy, policy_arns }: NarrowedTarget,
  role: string,
  { token, jti }: SignedToken,
  { connection, notAfter: until, now }: CloudRequest,
) => ({
  RoleArn: role,
  RoleSessionName: sessionName(connection, jti),
  WebIdentityToken: token,
  DurationSeconds: until === undefined ? duration_seconds : secondsUntil(until, duration_seconds, now()),
  ...(session_policy === undefined ? {} : { Policy: session_policy }),
  ...(policy_arns === undefined ? {} : { PolicyArns: policy_arns.map((arn) => ({ arn })) }),
});

/** STS gives no session under a quarter of an hour (API reference, AssumeRoleWithWebIdentity). */
const leastSeconds = 900;

const secondsUntil = (until: number, otherwise: number, now: number): number =>
  Math.max(leastSeconds, Math.min(otherwise, Math.floor((until - now) / 1000)));

/** What the customer reads in CloudTrail: which connection, and which line of our audit. STS allows 64 characters. */
const sessionName = (connection: string, jti: string): string =>
  `${connection}-${jti}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);

/** STS could not reach the issuer this time. */
const isIssuerUnheard = (error: SojournError): boolean =>
  cloudResponseOf(error).code === 'IDPCommunicationError';

const isExpired = (error: SojournError): boolean => cloudResponseOf(error).code === 'ExpiredToken';
