/** How many lines callers can cause. The next line that is written states how many were left out before it. */
import type { Now } from '../time/index.ts';
import { createBuckets } from './buckets.ts';

/** Counts a line of the key: the fields to add to it, or undefined if it must be left out. */
export type CountLine = (key: string) => { readonly left_out?: number } | undefined;

/** @param rate by key; the keys must be few */
export function createLineLimit(rate: { size: number; perSecond: number }, now: Now): CountLine {
  const lines = createBuckets(rate, now);
  const leftOut = new Map<string, number>();
  return (key) => {
    const count = leftOut.get(key) ?? 0;
    if (lines.retryAfter(key) > 0) return void leftOut.set(key, count + 1);
    lines.consume(key);
    leftOut.delete(key);
    return count > 0 ? { left_out: count } : {};
  };
}
