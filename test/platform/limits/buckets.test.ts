import { describe, expect, test } from '@jest/globals';
import { createBuckets } from '../../../src/platform/limits/index.ts';

describe('the token buckets', () => {
  test('hold at most 50,000 keys and drop the one that was used least recently', () => {
    const buckets = createBuckets({ size: 1, perSecond: 1 / 60 }, () => 0);
    for (let key = 0; key < 50_000; key++) buckets.consume(`key ${key}`);
    // Using it again makes it the newest.
    buckets.consume('key 0');
    expect(['key 0', 'key 1', 'key 2'].map((key) => buckets.retryAfter(key))).toEqual([120, 60, 60]);
    buckets.consume('one more');
    expect(['key 0', 'key 1', 'key 2'].map((key) => buckets.retryAfter(key))).toEqual([120, 0, 60]);
  });

  test('refill at their rate up to their size, and do not gain or lose tokens if the clock is set back', () => {
    let now = 0;
    const buckets = createBuckets({ size: 2, perSecond: 0.1 }, () => now);
    expect([buckets.retryAfter('a'), buckets.consume('a'), buckets.consume('a')]).toEqual([0, false, true]);
    expect(buckets.retryAfter('a')).toBe(10);
    now = -60_000;
    expect(buckets.retryAfter('a')).toBe(10);
    now = 9_999;
    expect(buckets.retryAfter('a')).toBe(1);
    now = 10_000;
    expect(buckets.retryAfter('a')).toBe(0);
    now = 3_600_000;
    expect([1, 2].map(() => buckets.consume('a'))).toEqual([false, true]);
  });
});
