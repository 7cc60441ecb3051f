/** When the clock of a server is trusted; see docs/decisions/0017-when-the-clock-is-trusted.md. */
import { expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import { watchClock } from '../../../src/server/clock/index.ts';
import { noon } from '../../support/modules.ts';

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

/** @param newestLine when the newest line of the audit log was written */
function arrange({ newestLine = noon, isVouchedFor = false } = {}) {
  const time = { wall: noon, passed: 0, up: 500, store: undefined as number | undefined };
  const asked: string[] = [];
  let log = '';
  const trust: { elapsed: () => number; offset: number; problem?: string; doubt?: string } = {
    elapsed: () => time.passed,
    offset: noon,
  };
  const watch = watchClock({
    ...{ trust, isVouchedFor },
    now: () => time.wall,
    uptime: () => time.up + time.passed / 1000,
    store: {
      clock: async () => time.store as number,
      search: async () => ({ items: newestLine > 0 ? [{ sequence: 1, at: newestLine, value: {} }] : [] }),
    },
    ask: async (origin) => void asked.push(origin),
    logger: createLogger({
      destination: {
        write: (line) => {
          log += line;
        },
      },
    }),
  });
  /** Time passes, and the clock is set by `set`. */
  const pass = async (milliseconds: number, set = 0) => {
    time.passed += milliseconds;
    time.wall += milliseconds + set;
    if (time.store !== undefined) time.store += milliseconds;
    await watch.check();
    return trust.problem;
  };
  const lines = () => log.trim().split('\n').filter(Boolean).length;
  return { time, trust, watch, pass, asked, lines };
}

test('a jump of over a minute is reported for a day; a smaller one and the passage of time are not', async () => {
  const { pass, watch, lines } = arrange();
  await pass(day);
  await pass(second, -60 * second);
  await pass(second, 60 * second);
  expect([watch.lastJump(), lines()]).toEqual([undefined, 0]);
  await pass(second, -61 * second);
  const told = 'the clock was set back by 61 s, detected at 2026-11-24T11:59:02.000Z';
  expect(watch.lastJump()).toBe(told);
  await pass(day - second);
  expect(watch.lastJump()).toBe(told);
  await pass(second);
  expect(watch.lastJump()).toBeUndefined();
});

test('a clock that was set back is not trusted until it is right again', async () => {
  const { pass, trust, lines } = arrange();
  expect(await pass(second, -hour)).toBe('the clock was set back by 3600 s');
  for (let hours = 0; hours < 48; hours++) expect(await pass(hour)).toBe('the clock was set back by 3600 s');
  expect(await pass(second, hour)).toBeUndefined();
  expect(trust.offset).toBe(noon);
  // One line for the jump, its end, and for trust and its end.
  expect(lines()).toBe(4);
});

test('a clock that was set ahead is trusted after five minutes, in which nothing contradicted it', async () => {
  const { pass, trust } = arrange();
  const sentence = 'the clock was set ahead by 3600 s, or this machine was suspended';
  expect(await pass(second, hour)).toBe(sentence);
  expect(await pass(5 * minute - second)).toBe(sentence);
  expect(await pass(second)).toBeUndefined();
  expect(trust.offset).toBe(noon + hour);
});

test('a clock that was set ahead by more than a week is never trusted by itself', async () => {
  const { pass } = arrange();
  const sentence = 'the clock was set ahead by 691200 s, or this machine was suspended';
  expect(await pass(second, 8 * day)).toBe(sentence);
  expect(await pass(30 * day)).toBe(sentence);
});

test('a machine that was suspended, by the kernel’s account, is trusted at once', async () => {
  const { pass, time, watch } = arrange();
  time.up += 3600;
  expect(await pass(second, hour)).toBeUndefined();
  expect(watch.lastJump()).toMatch(/^this machine was suspended for 3600 s, detected at /);
});

test('after a jump the clock of the store decides', async () => {
  const { pass, time } = arrange();
  time.store = noon;
  expect(await pass(second)).toBeUndefined();
  expect(await pass(second, hour)).toBe('the clock of this server is 3600 s ahead of that of the store');
  expect(await pass(10 * minute)).toBe('the clock of this server is 3600 s ahead of that of the store');
  time.store += hour;
  expect(await pass(second)).toBeUndefined();
  expect(await pass(second, -hour)).toBe('the clock of this server is 3600 s behind that of the store');
  time.store -= hour;
  expect(await pass(second)).toBeUndefined();
});

test('a start with another time than the store signs nothing', async () => {
  const { pass, time } = arrange();
  time.store = noon - 2 * hour;
  expect(await pass(0)).toBe('the clock of this server is 7200 s ahead of that of the store');
});

test('two answers of clouds with another time end trust, one does not, and clouds outweigh the store', async () => {
  const { pass, time, watch } = arrange();
  time.store = noon;
  watch.observe(noon + hour, 'https://sts.example');
  expect(await pass(0)).toBeUndefined();
  watch.observe(noon + hour, 'https://sts.example');
  expect(await pass(0)).toBe('the clock of this server is 3601 s behind those of the clouds');
  watch.observe(noon, 'https://sts.example');
  expect(await pass(0)).toBeUndefined();
});

test('while the clock is not trusted, clouds that have answered are asked for the time', async () => {
  const { pass, time, watch, asked } = arrange();
  for (const name of ['a', 'b', 'c', 'd']) watch.observe(noon, `https://${name}.example`);
  await pass(second);
  expect(asked).toEqual([]);
  for (let seconds = 0; seconds < 5; seconds++) await pass(second, seconds === 0 ? -hour : 0);
  expect(asked).toEqual(['https://b.example', 'https://c.example', 'https://d.example']);
  watch.observe(time.wall, 'https://d.example');
  expect(await pass(second)).toBeUndefined();
});

test('a start before the newest line of the audit log signs nothing until its time has come', async () => {
  const { pass } = arrange({ newestLine: noon + hour });
  await pass(0);
  expect(await pass(second)).toBe(
    'the clock of this server is 3599 s behind the newest line of the audit log',
  );
  expect(await pass(hour)).toBeUndefined();
});

test('a start long after the newest line changes no key for a day, or until another clock agrees', async () => {
  const { pass, trust, time } = arrange({ newestLine: noon - 400 * day });
  const doubt =
    'this server was stopped for 34560000 s by its clock, which nothing has confirmed since the start';
  expect(await pass(0)).toBeUndefined();
  expect(trust.doubt).toBe(doubt);
  await pass(day - second);
  expect(trust.doubt).toBe(doubt);
  time.store = time.wall;
  await pass(5 * second);
  for (let rounds = 0; rounds < 5; rounds++) await pass(0);
  expect(trust.doubt).toBeUndefined();
});

test('an operator who vouches for the clock outweighs the audit log', async () => {
  const behind = arrange({ newestLine: noon + hour, isVouchedFor: true });
  expect([await behind.pass(0), behind.trust.doubt]).toEqual([undefined, undefined]);
  const ahead = arrange({ newestLine: noon - 400 * day, isVouchedFor: true });
  expect([await ahead.pass(0), ahead.trust.doubt]).toEqual([undefined, undefined]);
});
