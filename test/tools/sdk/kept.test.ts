import { expect, test } from '@jest/globals';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { createKept } from '../../../src/tools/sdk/kept.ts';
import { noon } from './arrange.ts';

const minute = 60_000;
const away = new SojournRequestError({ code: 'unreachable', detail: 'Nobody answers.', advice: 'Wait.' });

test('what is kept lives no longer because the wall clock was set back', async () => {
  const clock = { wall: noon, passed: 0 };
  const kept = createKept<{ readonly expiresAt: Date }>(
    5 * minute,
    () => clock.wall,
    () => clock.passed,
  );
  const value = { expiresAt: new Date(noon + 60 * minute) };
  const get = (load: () => Promise<typeof value>) => kept.get('a', load, undefined);
  const fail = () => Promise.reject(away);
  const pass = (minutes: number) => {
    clock.wall += minutes * minute;
    clock.passed += minutes * minute;
  };
  expect(await get(async () => value)).toBe(value);
  clock.wall -= 60 * minute;
  pass(54);
  const newer = { expiresAt: new Date(noon + 60 * minute) };
  expect(await get(async () => newer)).toBe(value);
  pass(1);
  expect(await get(fail)).toBe(value);
  pass(4);
  await expect(get(fail)).rejects.toBe(away);
  expect(await get(async () => newer)).toBe(newer);
});
