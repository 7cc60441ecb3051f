import { expect, test } from '@jest/globals';
import { steadyClock } from '../../../src/platform/time/index.ts';
import { noon } from '../../support/modules.ts';

const second = 1000;
const day = 86_400 * second;

test('the steady clock continues when the wall clock is set, and follows it after a day without jumps', () => {
  const clock = { wall: noon, passed: 0 };
  const steady = steadyClock(
    () => clock.wall,
    () => clock.passed,
  );
  const pass = (milliseconds: number, set = 0) => {
    clock.passed += milliseconds;
    clock.wall += milliseconds + set;
    return clock.wall - steady();
  };
  expect(pass(day)).toBe(0);
  expect(pass(second, 3_600 * second)).toBe(3_600 * second);
  // Set back to what it was: there is nothing to wait for.
  expect(pass(second, -3_600 * second)).toBe(0);
  expect(pass(second, -2 * day)).toBe(-2 * day);
  expect(pass(day - second)).toBe(-2 * day);
  // Set once more: the day begins anew.
  expect(pass(second, 120 * second)).toBe(120 * second - 2 * day);
  expect(pass(day - second)).toBe(120 * second - 2 * day);
  expect(pass(second)).toBe(0);
  // What NTP corrects bit by bit is never in doubt.
  for (let days = 0; days < 10; days++) expect(pass(day, 30 * second)).toBe(0);
});
