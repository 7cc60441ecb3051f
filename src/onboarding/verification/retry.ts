/** When a verification is repeated: while a trust change propagates, after an outage of a cloud, and to confirm drift. */
import { backoffMs, withoutJitter } from '../../platform/retry/index.ts';

export interface Retry {
  /** When the wait began, in milliseconds since the epoch. */
  readonly since: number;
  readonly attempts: number;
  /** Milliseconds since the epoch. */
  readonly dueAt: number;
}

/** During an outage: one attempt a minute, ten in all. Then the regular schedule applies again. */
const outageRetryMs = 60_000;
const maxOutageAttempts = 10;

/**
 * Delays grow by half, from an eighth of the propagation time: five or six attempts, the last one at the end of the
 * propagation time.
 */
export function nextRetry(
  { since, attempts }: Omit<Retry, 'dueAt'>,
  propagationSeconds: number,
  now: number,
): number {
  const propagationMs = propagationSeconds * 1000;
  const end = since + propagationMs;
  const delay = backoffMs(attempts + 1, {
    firstMs: propagationMs / 8,
    factor: 1.5,
    jitter: withoutJitter,
  });
  return Math.max(now + 1000, Math.min(now + delay, end));
}

export const isPropagationOver = (since: number, propagationSeconds: number, now: number): boolean =>
  now >= since + propagationSeconds * 1000;

/**
 * An active connection counts as failing only if a verification this much later fails too: a single failure can be a hiccup
 * of the cloud, and drift wakes people.
 */
const driftConfirmationMs = 60_000;

/** @param since when the first of the failures was seen, in milliseconds since the epoch */
export const driftConfirmedAt = (since: number): number => since + driftConfirmationMs;

/** Undefined after the last attempt. */
export const nextRetryInOutage = (attempts: number, now: number): number | undefined =>
  attempts < maxOutageAttempts ? now + outageRetryMs : undefined;
