import { describe, expect, test } from '@jest/globals';
import { type Backoff, backoffMs, withoutJitter } from '../../../src/platform/retry/index.ts';

/** The pauses after 1, 2, … failures. */
const pauses = (count: number, backoff: Backoff, random?: () => number) =>
  Array.from({ length: count }, (_, failures) => backoffMs(failures + 1, backoff, random));

describe('the backoff', () => {
  test('the backoff doubles with each failure', () => {
    expect(pauses(5, { firstMs: 100, jitter: withoutJitter })).toEqual([100, 200, 400, 800, 1_600]);
  });

  test('the backoff grows by another factor if one is given', () => {
    expect(pauses(4, { firstMs: 800, factor: 1.5, jitter: withoutJitter })).toEqual([
      800, 1_200, 1_800, 2_700,
    ]);
  });

  test('the backoff never exceeds its limit, not even after thousands of failures', () => {
    const backoff = { firstMs: 100, maxMs: 300 };
    expect(pauses(4, { ...backoff, jitter: withoutJitter })).toEqual([100, 200, 300, 300]);
    expect(pauses(4, backoff, () => 1)).toEqual([150, 300, 300, 300]);
    expect(backoffMs(5_000, backoff, () => 0.5)).toBe(300);
  });

  test('the jitter of the backoff is from half to one and a half by default', () => {
    const range = (random: () => number) => pauses(3, { firstMs: 100 }, random);
    expect(range(() => 0)).toEqual([50, 100, 200]);
    expect(range(() => 0.5)).toEqual([100, 200, 400]);
    expect(range(() => 1)).toEqual([150, 300, 600]);
  });

  test('the jitter of the backoff has the range that is given, also at the limit', () => {
    const range = (random: () => number) => pauses(3, { firstMs: 100, maxMs: 200, jitter: [0.5, 1] }, random);
    expect(range(() => 0)).toEqual([50, 100, 100]);
    expect(range(() => 1)).toEqual([100, 200, 200]);
  });

  test('the backoff differs from call to call', () => {
    expect(new Set(pauses(20, { firstMs: 100, factor: 1 })).size).toBeGreaterThan(1);
  });
});
