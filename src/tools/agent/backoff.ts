/** How long to wait after failures: doubling, never in step with others, and as long as was asked for. */
import type { Trouble } from './trouble.ts';

/** A fraction from 0 to 1, as Math.random gives it. */
export type Random = () => number;

/** The wait after `failures` in a row, in milliseconds: from half of 1, 2, 4 … seconds up to the whole, `longest` at most. */
export function waitAfter(
  failures: number,
  { retryAfter = 0 }: Pick<Trouble, 'retryAfter'>,
  longestMs: number,
  random: Random,
): number {
  const whole = Math.min(longestMs, 1000 * 2 ** Math.min(failures - 1, 20));
  const asked = retryAfter * 1000;
  return Math.max(whole / 2 + (whole / 2) * random(), Math.min(asked, 10 * longestMs));
}
