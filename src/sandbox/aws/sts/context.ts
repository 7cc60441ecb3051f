/** The condition keys of a trust policy for a web identity (clouds.md 1.4). */
import type { Provider, Role } from '../accounts.ts';
import type { Context } from '../policy/pattern.ts';
import type { Identity } from './claims.ts';
import type { SessionClaims } from './session-claims.ts';

interface ContextInput {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly identity: Identity;
  readonly session: SessionClaims;
  readonly provider: Provider;
  readonly role: Role | undefined;
  readonly sessionName: string;
  /** The region of the endpoint. */
  readonly region: string;
}

/** aws:PrincipalArn and all other claims are absent. */
export function contextOf({
  now,
  identity,
  session,
  provider,
  role,
  sessionName,
  region,
}: ContextInput): Context {
  const keys: [string, readonly string[]][] = [
    [`${provider.url}:aud`, [identity.audience]],
    [`${provider.url}:oaud`, identity.audiences],
    [`${provider.url}:sub`, [identity.subject]],
    [`${provider.url}:amr`, identity.amr],
    [`${provider.url}:email`, identity.email === undefined ? [] : [identity.email]],
    ['sts:RoleSessionName', [sessionName]],
    ['sts:SourceIdentity', session.sourceIdentity === undefined ? [] : [session.sourceIdentity]],
    ['sts:RoleAuthorizedByIdp', [String(session.roles !== undefined)]],
    ['sts:TransitiveTagKeys', session.transitiveTagKeys],
    ['aws:TagKeys', [...session.tags.keys()]],
    ...[...session.tags].map(([key, value]): [string, string[]] => [`aws:RequestTag/${key}`, [value]]),
    ...(role?.tags ?? []).map(({ Key, Value }): [string, string[]] => [`aws:ResourceTag/${Key}`, [Value]]),
    ['aws:PrincipalAccount', [provider.arn.split(':')[4] ?? '']],
    ['aws:PrincipalType', ['User']],
    ['aws:userid', [provider.arn]],
    ['aws:SourceIp', ['127.0.0.1']],
    ['aws:SecureTransport', ['true']],
    ['aws:RequestedRegion', [region]],
    ['aws:CurrentTime', [new Date(now).toISOString()]],
    ['aws:EpochTime', [String(Math.floor(now / 1000))]],
  ];
  return new Map(
    keys.filter(([, values]) => values.length > 0).map(([key, values]) => [key.toLowerCase(), values]),
  );
}
