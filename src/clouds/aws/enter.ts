/** Trades the token for the keys of a session: AssumeRoleWithWebIdentity, which nobody signs. */
import { z } from 'zod';
import { SojournError } from '../../errors/index.ts';
import { readAnswer } from '../ask.ts';
import type { Minted, Pass, Visit } from '../contract.ts';
import { answerBehind } from '../explanation.ts';
import { withRetries } from '../retry.ts';
import { type AssumeRole, connect } from './sts.ts';
import type { AwsTarget } from './target.ts';

const credentials = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1),
  Expiration: z.date(),
});

/** Rejects with `cloud_…`, or `connection_incomplete` while the role is not known. */
export async function enter(target: AwsTarget, visit: Visit): Promise<Pass> {
  const { role_arn, region } = target;
  if (!role_arn || !region) throw new SojournError('connection_incomplete');
  const assumeRole = await connect(region, visit.endpoints.aws.sts_endpoint);
  const attempt = async () => assume(assumeRole, target, role_arn, await visit.mint(), visit);
  try {
    return await attempt();
  } catch (error) {
    if (!isExpired(error)) throw error;
    return await attempt();
  }
}

async function assume(
  assumeRole: AssumeRole,
  { duration_seconds, session_policy }: AwsTarget,
  role: string,
  minted: Minted,
  { connection, signal }: Visit,
): Promise<Pass> {
  const input = {
    RoleArn: role,
    RoleSessionName: sessionName(connection, minted.jti),
    WebIdentityToken: minted.token,
    DurationSeconds: duration_seconds,
    ...(session_policy === undefined ? {} : { Policy: session_policy }),
  };
  const answer = await withRetries(() => assumeRole(input, signal), signal, isIssuerUnheard);
  const keys = readAnswer(credentials, answer.Credentials, 'STS');
  return {
    expiresAt: keys.Expiration.getTime(),
    credentials: {
      access_key_id: keys.AccessKeyId,
      secret_access_key: keys.SecretAccessKey,
      session_token: keys.SessionToken,
    },
  };
}

/** What the customer reads in CloudTrail: which connection, and which line of our audit. STS allows 64 characters. */
const sessionName = (connection: string, jti: string): string =>
  `${connection}-${jti}`.replace(/[^\w+=,.@-]/g, '-').slice(0, 64);

/** STS could not reach the issuer this time. */
const isIssuerUnheard = (error: SojournError): boolean =>
  answerBehind(error).code === 'IDPCommunicationError';

const isExpired = (error: unknown): boolean =>
  error instanceof SojournError && answerBehind(error).code === 'ExpiredToken';
