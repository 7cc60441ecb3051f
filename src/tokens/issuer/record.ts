/** The audit's lines about /token. */
import type { Audit } from '../../platform/audit/index.ts';
import type { Claims } from './claims.ts';
import type { Progress } from './token-request.ts';

export function recordIssued(
  audit: Audit,
  progress: Progress,
  kid: string,
  { sub, aud, jti }: Claims,
): Promise<void> {
  return audit.record({
    event: 'token.issued',
    outcome: 'ok',
    ...subjectOfLine(progress),
    jti,
    sub,
    aud,
    kid,
    ...(progress.facts && { facts: progress.facts }),
  });
}

export function recordRefused(
  audit: Audit,
  progress: Progress,
  refusal: { readonly status: number; readonly reason: string; readonly authenticated: boolean },
): Promise<void> {
  return audit.record({
    event: 'token.refused',
    outcome: refusal.status >= 500 ? 'failed' : 'refused',
    ...subjectOfLine(progress),
    // Otherwise the caller has only named the client.
    ...(refusal.authenticated ? {} : { actor: 'unknown' }),
    reason: refusal.reason,
    ...(progress.facts && { facts: progress.facts }),
  });
}

/** A secret has ended because its replacement was used. */
export function recordReplaced(audit: Audit, progress: Progress, secret: string): Promise<void> {
  return audit.record({
    event: 'secret.replaced',
    outcome: 'ok',
    ...subjectOfLine(progress),
    actor: 'system',
    facts: { secret },
  });
}

function subjectOfLine({ client, connection, requested, request: { context } }: Progress) {
  return {
    actor: client?.client_id ?? 'unknown',
    ...(client ? { client: client.client_id } : {}),
    ...(requested === undefined ? {} : { connection: requested }),
    ...(connection ? { tenant: connection.tenant } : {}),
    ...context,
  };
}
