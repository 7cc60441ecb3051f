import { expect, test } from '@jest/globals';
import { watchClock } from '../../src/health/index.ts';
import { createLogger } from '../../src/log/index.ts';
import { noon } from './bench.ts';

const second = 1000;
const day = 86_400 * second;

test('a jump over a minute is told for a day, a smaller one and hours that pass are not', () => {
  const clock = { wall: noon, passed: 0 };
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const watch = watchClock({
    now: () => clock.wall,
    elapsed: () => clock.passed,
    logger: createLogger({ destination }),
  });
  const pass = (milliseconds: number, set = 0) => {
    clock.passed += milliseconds;
    clock.wall += milliseconds + set;
    watch.look();
    return watch.told();
  };
  expect(pass(day)).toBeUndefined();
  expect(pass(second, -60 * second)).toBeUndefined();
  expect(pass(second, 60 * second)).toBeUndefined();
  expect(log).toBe('');
  const told = 'the clock was set back by 61 s, found at 2026-11-24T11:59:02.000Z';
  expect(pass(second, -61 * second)).toBe(told);
  expect(pass(day - second)).toBe(told);
  expect(pass(second)).toBeUndefined();
  expect(log.trim().split('\n')).toHaveLength(1);
});
