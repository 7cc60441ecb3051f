/** Who is tried again soon: a change of trust takes its time to arrive everywhere, and an outage passes. */

export interface Wait {
  /** When the first refusal was put down to this, in milliseconds. */
  readonly since: number;
  readonly tries: number;
  /** When it is tried again. */
  readonly at: number;
}

/** An outage is waited for with a try a minute for a while; then the schedule of all connections goes on. */
const outagePauseMs = 60_000;
const outageTries = 10;

/** The pauses grow by half: an eighth of the time at first, five tries or six in all, the last one when it is over. */
export function nextTry(wait: Omit<Wait, 'at'>, settleSeconds: number, now: number): number {
  const end = wait.since + settleSeconds * 1000;
  const pause = (settleSeconds * 1000 * 1.5 ** wait.tries) / 8;
  return Math.max(now + 1000, Math.min(now + pause, end));
}

export const isOver = (since: number, settleSeconds: number, now: number): boolean =>
  now >= since + settleSeconds * 1000;

export const nextTryInOutage = (tries: number, now: number): number | undefined =>
  tries < outageTries ? now + outagePauseMs : undefined;
