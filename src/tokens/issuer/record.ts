/** The audit's lines about /token. */
import type { Audit } from '../../platform/audit/index.ts';
import type { Claims } from './claims.ts';
import type { Refusal } from './refusal.ts';
import type { Visit } from './visit.ts';

export function recordIssue(audit: Audit, visit: Visit, { sub, aud, jti }: Claims): Promise<void> {
  return audit.record({
    event: 'token.issued',
    outcome: 'ok',
    ...who(visit),
    jti,
    sub,
    aud,
    ...(visit.kid ? { kid: visit.kid } : {}),
    ...factsOf(visit),
  });
}

export function recordRefusal(audit: Audit, visit: Visit, { status, reason }: Refusal): Promise<void> {
  return audit.record({
    event: 'token.refused',
    outcome: status >= 500 ? 'failed' : 'refused',
    ...who(visit),
    reason,
    ...factsOf(visit),
  });
}

function factsOf({ proven, facts = proven?.facts }: Visit) {
  return facts ? { facts } : {};
}

/** A secret ends because the one that was made to replace it has been seen. */
export function recordReplaced(audit: Audit, visit: Visit, secret: string): Promise<void> {
  return audit.record({
    event: 'secret.replaced',
    outcome: 'ok',
    ...who(visit),
    actor: 'system',
    facts: { secret },
  });
}

function who({ client, connection, asked, source_ip, request_id }: Visit) {
  return {
    actor: client?.client_id ?? 'unknown',
    ...(client ? { client: client.client_id } : {}),
    ...(asked === undefined ? {} : { connection: asked }),
    ...(connection ? { tenant: connection.tenant } : {}),
    source_ip,
    request_id,
  };
}
