/**
 * Pauses between attempts. Owns: exponential backoff with jitter. Does not own: which errors are retried, how often, or
 * the waiting itself.
 */

export interface Backoff {
  /** Pause after the first failure, in milliseconds. */
  readonly firstMs: number;
  /** No pause is longer. Unlimited by default. */
  readonly maxMs?: number;
  /** Growth of the pause with each further failure; 2 by default. */
  readonly factor?: number;
  /** Each pause is multiplied by a random number in this range, so that clients which failed together return apart. */
  readonly jitter?: readonly [from: number, to: number];
}

/** Half to one and a half of the pause. */
const defaultJitter = [0.5, 1.5] as const;

/** No jitter, for a single client or a schedule. */
export const withoutJitter = [1, 1] as const;

/**
 * The pause after so many failures in a row, in milliseconds. The limit applies before the jitter and after it: clients
 * at the limit still return apart.
 *
 * @param failures 1 or more
 * @param random a fraction from 0 to 1
 */
export function backoffMs(
  failures: number,
  { firstMs, maxMs = Infinity, factor = 2, jitter: [from, to] = defaultJitter }: Backoff,
  random = Math.random,
): number {
  const pauseMs = Math.min(maxMs, firstMs * factor ** (failures - 1));
  return Math.min(maxMs, pauseMs * (from + (to - from) * random()));
}
