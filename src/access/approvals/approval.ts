/** One request for approval and what has become of it. Pure. */
import { z } from 'zod';
import { durationBetween } from '../../platform/validation/index.ts';

/** As it is kept. There is one document for a client and a connection, whose last request it is. */
export interface Kept {
  readonly id: string;
  readonly client: string;
  readonly connection: string;
  readonly tenant: string;
  readonly requested_at: string;
  readonly last_requested_at: string;
  /** How often since `requested_at`. */
  readonly asked: number;
  /** The network address of the last one who asked. */
  readonly address: string;
  readonly decision: 'granted' | 'denied' | 'revoked' | null;
  readonly decided_at: string | null;
  /** When a grant ends, or when a denied request can be made again. */
  readonly until: string | null;
  /** What came with it and may not be in the audit yet, oldest first. */
  readonly untold?: readonly ('approval.expired' | 'approval.requested')[];
}

export const states = ['pending', 'granted', 'ended', 'denied', 'revoked'] as const;
export type ApprovalState = (typeof states)[number];

export type Approval = Omit<Kept, 'decision' | 'untold'> & { readonly state: ApprovalState };

const isOver = ({ until }: Kept, now: number): boolean => until !== null && Date.parse(until) <= now;

/** `now` in milliseconds. */
export function stateAt(kept: Kept, now: number): ApprovalState {
  if (kept.decision === null) return 'pending';
  return kept.decision === 'granted' && isOver(kept, now) ? 'ended' : kept.decision;
}

/** Longer than whoever has made a request goes on trying to tell of it: three writes, each given up within 2 s. */
const tellingMs = 10_000;

/** Whether the next time that the client asks is a new request. */
export function canAskAnew(kept: Kept, now: number): boolean {
  const state = stateAt(kept, now);
  // One that nobody has heard of is made again: whoever made it could not write the audit, or was gone before.
  if (state === 'pending')
    return kept.untold !== undefined && Math.abs(now - Date.parse(kept.requested_at)) > tellingMs;
  return state === 'ended' || state === 'revoked' || (state === 'denied' && isOver(kept, now));
}

/** What the audit is to be told of a request that takes the place of this one. */
export const toTell = (before: Kept | undefined, now: number): NonNullable<Kept['untold']> =>
  before && (stateAt(before, now) === 'ended' || before.untold?.includes('approval.expired'))
    ? ['approval.expired', 'approval.requested']
    : ['approval.requested'];

/** As it is told: by its state, which depends on the hour, and not by the decision alone. */
export function view(kept: Kept, now: number): Approval {
  const { decision: _, untold: __, ...told } = kept;
  return { ...told, state: stateAt(kept, now) };
}

/** A life in seconds, cut to the end of the grant (milliseconds) under which it is given; whole without one. */
export const withinGrant = (seconds: number, until: number | undefined, now: number): number =>
  until === undefined ? seconds : Math.max(1, Math.min(seconds, Math.floor((until - now) / 1000)));

/**
 * Under five minutes the client's next try comes too late, since it learns of the grant only by asking again. Over a day
 * it would be a standing permission, for which there are the rules of the client.
 */
export const grantInput = z.strictObject({
  for: durationBetween('5m', '24h').describe('How long the client may enter: from 5m to 24h, such as 2h.'),
});

export const denialInput = z.strictObject({
  for: durationBetween('5m', '30d')
    .prefault('1h')
    .describe('How long it cannot be asked for again: from 5m to 30d.'),
});
