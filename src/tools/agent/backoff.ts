/** Exponential backoff with jitter, at least as long as the server's Retry-After. */
import { backoffMs } from '../../platform/retry/index.ts';
import type { Failure } from './failure.ts';

/** A fraction from 0 to 1, like Math.random. */
export type Random = () => number;

/**
 * The pause after `failures` in a row, in milliseconds: a random time between half of 1, 2, 4 … seconds and the whole, at
 * most `maxMs`. Retry-After counts up to ten times `maxMs`.
 */
export function retryDelayMs(
  failures: number,
  { retryAfter = 0 }: Pick<Failure, 'retryAfter'>,
  maxMs: number,
  random: Random,
): number {
  const retryAfterMs = retryAfter * 1000;
  return Math.max(
    backoffMs(failures, { firstMs: 1000, maxMs, jitter: [0.5, 1] }, random),
    Math.min(retryAfterMs, 10 * maxMs),
  );
}
