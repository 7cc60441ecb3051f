/** From a line of the audit to a Security Event Token (RFC 8417), which is how it is told. Pure. */
import type { AuditLine } from '../../platform/audit/index.ts';
import { toSeconds } from '../../platform/time/index.ts';

/** Lines about a connection, by the names that they have in the audit. */
export const eventNames = [
  'connection.created',
  'connection.updated',
  'connection.deleted',
  'connection.enabled',
  'connection.disabled',
  'connection.verified',
  'connection.drifted',
  'connection.recovered',
  'connection.setup_reported',
  'connection.paused',
  'connection.resumed',
  'connection.jwks_uploaded',
] as const;

export type EventName = (typeof eventNames)[number];

export const isEventName = (event: string): event is EventName =>
  (eventNames as readonly string[]).includes(event);

/** The name of an event in a token must be a URI. */
const eventUri = (event: string): string => `urn:sojourn:event:${event}`;

/** What is told of a line: never an address, a reason or an id of a request, which are the operator's own. */
export interface Told {
  readonly event: EventName;
  readonly connection: string;
  readonly tenant: string;
  /** RFC 3339. */
  readonly at: string;
  readonly facts: AuditLine['facts'];
}

export function toldOf({ event, connection, tenant, occurred_at: at, facts }: AuditLine): Told | undefined {
  if (!isEventName(event) || connection === undefined || tenant === undefined) return undefined;
  return { event, connection, tenant, at, facts };
}

/**
 * The claims but `iss`, which the issuer adds. `sub_id` and not `sub` (RFC 9493), no `exp`: a token for a receiver must
 * not look like one for a cloud. `jti` is the delivery's id, the same at every try.
 */
export const claimsOf = (told: Told, delivery: string, audience: string, now: number) => ({
  jti: delivery,
  iat: toSeconds(now),
  aud: audience,
  toe: toSeconds(Date.parse(told.at)),
  sub_id: { format: 'opaque', id: told.connection },
  events: {
    [eventUri(told.event)]: { connection: told.connection, tenant: told.tenant, at: told.at, ...told.facts },
  },
});
