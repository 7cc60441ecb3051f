/** From an audit line to a Security Event Token (RFC 8417), the payload of a delivery. Pure. */
import type { AuditLine } from '../../platform/audit/index.ts';
import { toSeconds } from '../../platform/time/index.ts';

/** Audit events of connections; webhooks use the same names. */
export const eventNames = [
  'connection.created',
  'connection.updated',
  'connection.deleted',
  'connection.enabled',
  'connection.disabled',
  'connection.verified',
  'connection.exposed',
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

/** RFC 8417 section 2.2: event types are URIs. */
const eventUri = (event: string): string => `urn:sojourn:event:${event}`;

/** The part of an audit line that receivers get. Addresses, reasons and request ids stay with the operator. */
export interface WebhookEvent {
  readonly name: EventName;
  readonly connection: string;
  readonly tenant: string;
  /** RFC 3339. */
  readonly occurred_at: string;
  readonly facts: AuditLine['facts'];
}

export function webhookEventOf({
  event,
  connection,
  tenant,
  occurred_at,
  facts,
}: AuditLine): WebhookEvent | undefined {
  if (!isEventName(event) || connection === undefined || tenant === undefined) return undefined;
  return { name: event, connection, tenant, occurred_at, facts };
}

/**
 * All claims except `iss`, which the issuer adds. Uses `sub_id` instead of `sub` (RFC 9493) and has no `exp`, so that it
 * cannot be taken for a cloud token. `jti` is the delivery's id and the same in every attempt.
 */
export const claimsOf = (
  { name, connection, tenant, occurred_at, facts }: WebhookEvent,
  delivery: string,
  audience: string,
  now: number,
) => ({
  jti: delivery,
  iat: toSeconds(now),
  aud: audience,
  toe: toSeconds(Date.parse(occurred_at)),
  sub_id: { format: 'opaque', id: connection },
  events: { [eventUri(name)]: { connection, tenant, occurred_at, ...facts } },
});
