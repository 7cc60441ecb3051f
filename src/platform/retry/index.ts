/**
 * Pauses between attempts. Owns: exponential backoff with jitter. Does not own: which errors are retried, how often, or
 * the waiting itself.
 */

export interface Backoff {
  /** Pause after the first failure, in milliseconds. */
  readonly firstMs: number;
  /** No pause is longer. */
  readonly maxMs: number;
}

/**
 * The pause after so many failures, in milliseconds: it doubles each time, and is spread between half and one and a half
 * so that clients which failed together do not return together.
 *
 * @param failures 1 or more
 */
export function backoffMs(failures: number, { firstMs, maxMs }: Backoff, random = Math.random): number {
  return Math.min(maxMs, firstMs * 2 ** (failures - 1) * (0.5 + random()));
}
