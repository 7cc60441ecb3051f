import { expect, test } from '@jest/globals';
import { createCache } from '../../../src/tools/sdk/cache.ts';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { noon } from './arrange.ts';

const minute = 60_000;
const unreachable = new SojournRequestError({
  code: 'unreachable',
  detail: 'No server answers.',
  advice: 'Wait.',
});

test('a cached value still expires on time if the wall clock is set back', async () => {
  const clock = { wall: noon, elapsed: 0 };
  const cache = createCache<{ readonly expiresAt: Date }>(
    5 * minute,
    () => clock.wall,
    () => clock.elapsed,
  );
  const value = { expiresAt: new Date(noon + 60 * minute) };
  const get = (load: () => Promise<typeof value>) => cache.get('a', load, undefined);
  const fail = () => Promise.reject(unreachable);
  const advance = (minutes: number) => {
    clock.wall += minutes * minute;
    clock.elapsed += minutes * minute;
  };
  expect(await get(async () => value)).toBe(value);
  clock.wall -= 60 * minute;
  advance(54);
  const newer = { expiresAt: new Date(noon + 60 * minute) };
  expect(await get(async () => newer)).toBe(value);
  advance(1);
  expect(await get(fail)).toBe(value);
  advance(4);
  await expect(get(fail)).rejects.toBe(unreachable);
  expect(await get(async () => newer)).toBe(newer);
});

test('a load that began before a value was forgotten and fails transiently does not bring the value back', async () => {
  const clock = { now: noon };
  const cache = createCache<{ readonly expiresAt: Date }>(
    5 * minute,
    () => clock.now,
    () => clock.now - noon,
  );
  const value = { expiresAt: new Date(noon + 60 * minute) };
  const newer = { expiresAt: new Date(noon + 120 * minute) };
  const get = (load: () => Promise<typeof value>) => cache.get('a', load, undefined);
  await get(async () => value);
  clock.now += 56 * minute;
  const { promise: load, reject } = Promise.withResolvers<typeof value>();
  const renewal = get(() => load);
  cache.forget('a', value);
  reject(unreachable);
  await expect(renewal).rejects.toBe(unreachable);
  expect(await get(async () => newer)).toBe(newer);
});
