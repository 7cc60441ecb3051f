/** An approval: a client's request to use a connection, and the decision on it. Pure. */
import { z } from 'zod';
import { durationBetween, type Immutable, timestamp } from '../../platform/validation/index.ts';

export const states = ['pending', 'granted', 'expired', 'denied', 'revoked'] as const;
export type ApprovalState = (typeof states)[number];

/** There is one per client and connection; a new request replaces the previous one. */
export const approvalRecord = z.object({
  id: z.string(),
  client: z.string(),
  connection: z.string(),
  tenant: z.string(),
  state: z.enum(states),
  requested_at: timestamp,
  last_requested_at: timestamp.describe('Accurate to a few seconds.'),
  request_count: z.int().describe('Number of requests since `requested_at`.'),
  source_ip: z.string().describe('The client’s network address at the last request.'),
  decided_at: timestamp.nullable(),
  expires_at: timestamp
    .nullable()
    .describe('When the grant ends, or when a denied client can request again.'),
});

export type Approval = Immutable<z.output<typeof approvalRecord>>;

/** The stored form: the state follows from the decision and the time. */
export const storedApproval = z.strictObject({
  ...approvalRecord.omit({ state: true }).shape,
  decision: z.enum(['granted', 'denied', 'revoked']).nullable(),
  /** Audit events of this request that may not have been recorded yet, oldest first. */
  unrecorded: z.array(z.enum(['approval.expired', 'approval.requested'])).exactOptional(),
});

export type StoredApproval = Immutable<z.output<typeof storedApproval>>;

const isExpired = ({ expires_at }: StoredApproval, now: number): boolean =>
  expires_at !== null && Date.parse(expires_at) <= now;

/** `now` in milliseconds since the epoch. */
export function stateAt(stored: StoredApproval, now: number): ApprovalState {
  if (stored.decision === null) return 'pending';
  return stored.decision === 'granted' && isExpired(stored, now) ? 'expired' : stored.decision;
}

/** Longer than a request takes to record its audit events: three writes with a timeout of 2 s each. */
const recordingMs = 10_000;

/** Whether the client's next request replaces this one, rather than being counted as a repetition. */
export function startsNewRequest(stored: StoredApproval, now: number): boolean {
  const state = stateAt(stored, now);
  // If the audit events of a pending request were never recorded (audit or process failed), the next request records them.
  if (state === 'pending')
    return stored.unrecorded !== undefined && Math.abs(now - Date.parse(stored.requested_at)) > recordingMs;
  return state === 'expired' || state === 'revoked' || (state === 'denied' && isExpired(stored, now));
}

/** The audit events that a request records when it replaces the `previous` one. */
export const eventsToRecord = (
  previous: StoredApproval | undefined,
  now: number,
): NonNullable<StoredApproval['unrecorded']> =>
  previous && (stateAt(previous, now) === 'expired' || previous.unrecorded?.includes('approval.expired'))
    ? ['approval.expired', 'approval.requested']
    : ['approval.requested'];

/** The public form: with the state at this time instead of the decision. */
export function toApproval(stored: StoredApproval, now: number): Approval {
  const { decision: _, unrecorded: __, ...approval } = stored;
  return { ...approval, state: stateAt(stored, now) };
}

/** A lifetime in seconds, cut to the end of the grant (`notAfter`, in milliseconds). */
export const withinApproval = (seconds: number, notAfter: number, now: number): number =>
  Math.max(1, Math.min(seconds, Math.floor((notAfter - now) / 1000)));

/**
 * At least five minutes: the client learns of the grant only by requesting again, and must do so before it ends. At most
 * a day: permanent access belongs in the client's rules.
 */
export const grantInput = z.strictObject({
  duration: durationBetween('5m', '24h').describe(
    'How long the client may use the connection: from 5m to 24h, such as 2h.',
  ),
});

export const denialInput = z.strictObject({
  duration: durationBetween('5m', '30d')
    .prefault('1h')
    .describe('How long the client cannot request again: from 5m to 30d.'),
});

/** Durations in seconds. */
export type GrantInput = z.output<typeof grantInput>;
export type DenialInput = z.output<typeof denialInput>;
