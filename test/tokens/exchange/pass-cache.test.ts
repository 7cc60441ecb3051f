import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Credentials } from '../../../src/clouds/index.ts';
import { createPassCache, type PassCache } from '../../../src/tokens/exchange/cache.ts';
import { noon } from '../../support/modules.ts';

const second = 1000;
const hour = 3_600_000;

/** The wall clock, and what has passed in truth where that was set. */
let clock: { ms: number; passed: number };
let cache: PassCache;
let fetched: number;
beforeEach(() => {
  clock = { ms: noon, passed: 0 };
  cache = createPassCache(
    () => clock.ms,
    () => clock.passed,
    100,
  );
  fetched = 0;
});

/** A pass that says whose it is and which fetch brought it. */
const passFor = (key: string, life = hour): Credentials => ({
  expiresAt: clock.ms + life,
  credentials: { access_token: `${key} ${++fetched}`, token_type: 'Bearer' },
});
const always = () => true;
const never = () => false;
const outage = new Error('the cloud is down');
const down = async (): Promise<Credentials> => {
  fetched++;
  throw outage;
};
const get = (key = 'a', life = hour) => cache.get(key, async () => passFor(key, life), always);
const textOf = ({ pass }: { pass: Credentials }) =>
  'access_token' in pass.credentials && pass.credentials.access_token;

describe('the cache of passes', () => {
  test('a pass is fetched once and served until five minutes are left', async () => {
    expect(await get()).toEqual({ pass: passOf('a 1', noon + hour), cached: false });
    clock.ms = noon + hour - 600 * second - 1;
    expect(await get()).toEqual({ pass: passOf('a 1', noon + hour), cached: true });
    expect(fetched).toBe(1);
    clock.ms = noon + hour - 300 * second;
    expect(await get()).toEqual({ pass: passOf('a 2', clock.ms + hour), cached: false });
  });

  test('in the five minutes before, it is renewed by one call that nobody waits for', async () => {
    await get();
    clock.ms = noon + hour - 600 * second;
    const answers = await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(new Set(answers.map(textOf))).toEqual(new Set(['a 1']));
    expect(await get()).toEqual({ pass: passOf('a 2', clock.ms + hour), cached: true });
    expect(fetched).toBe(2);
  });

  test('a short pass is renewed when half of its life is left, and awaited when it is a quarter', async () => {
    await get('a', 600 * second);
    clock.ms += 300 * second - 1;
    await get();
    expect(fetched).toBe(1);
    clock.ms = noon + 450 * second;
    expect((await get()).cached).toBe(false);
  });

  test('a pass that is over when it comes is handed on, but never served again', async () => {
    await get('a', -second);
    expect(textOf(await get('a'))).toBe('a 2');
  });

  test('200 callers at once make one fetch', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(new Set(answers.map(textOf))).toEqual(new Set(['a 1']));
    expect(fetched).toBe(1);
  });

  test('callers that come at any moment of a fetch make no second one', async () => {
    const slow = async () => {
      await Promise.resolve();
      return passFor('a');
    };
    const answers: Promise<unknown>[] = [];
    for (let moment = 0; moment < 50; moment++) {
      answers.push(cache.get('a', slow, always));
      await Promise.resolve();
    }
    await Promise.all(answers);
    expect(fetched).toBe(1);
  });

  test('200 callers of a fetch that fails all get its error, and the next one tries again', async () => {
    const answers = await Promise.allSettled(Array.from({ length: 200 }, () => cache.get('a', down, always)));
    for (const answer of answers) expect(answer).toEqual({ status: 'rejected', reason: outage });
    expect(fetched).toBe(1);
    expect(textOf(await get())).toBe('a 2');
  });

  test('no key is ever served the pass of another', async () => {
    const keys = Array.from({ length: 60 }, (_, number) => `key-${number % 20}`);
    const slow = async (key: string) => {
      for (let wait = 0; wait < key.length; wait++) await Promise.resolve();
      return passFor(key);
    };
    for (let round = 0; round < 5; round++) {
      clock.ms += hour;
      const answers = await Promise.all(keys.map((key) => cache.get(key, () => slow(key), always)));
      expect(answers.map((answer) => String(textOf(answer)).split(' ')[0])).toEqual(keys);
    }
    for (const key of ['__proto__', 'constructor']) expect(textOf(await get(key))).toContain(key);
  });

  test('it holds no more than it may, and drops the oldest', async () => {
    for (let number = 0; number < 250; number++) await get(`key-${number}`);
    expect(cache.size).toBe(100);
    expect((await get('key-249')).cached).toBe(true);
    expect((await get('key-149')).cached).toBe(false);
    expect(cache.size).toBe(100);
  });
});

describe('when the wall clock was set back', () => {
  const pass = (seconds: number) => {
    clock.ms += seconds * second;
    clock.passed += seconds * second;
  };

  test('a pass is served no longer than before, and what comes then lives by the new hour', async () => {
    await get();
    clock.ms -= hour;
    pass(3299);
    expect((await get()).cached).toBe(true);
    expect(textOf(await get())).toBe('a 2');
    pass(3300);
    expect(await get()).toEqual({ pass: passOf('a 3', clock.ms + hour), cached: false });
  });

  test('a pass in its last minute is not served, although the cloud is down', async () => {
    await get();
    clock.ms -= hour;
    pass(3540);
    expect((await cache.get('a', down, always)).cached).toBe(true);
    pass(0.001);
    await expect(cache.get('a', down, always)).rejects.toBe(outage);
  });
});

describe('while the cloud is down', () => {
  test('the old pass is served as long as it has a minute of life', async () => {
    await get();
    clock.ms = noon + hour - 60 * second;
    expect(await cache.get('a', down, always)).toEqual({ pass: passOf('a 1', noon + hour), cached: true });
    clock.ms += 1;
    await expect(cache.get('a', down, always)).rejects.toBe(outage);
  });

  test('one try in ten seconds is made for all callers', async () => {
    await get();
    clock.ms += hour - 200 * second;
    for (let s = 0; s < 60; s++) {
      const answers = await Promise.all(Array.from({ length: 10 }, () => cache.get('a', down, always)));
      for (const { cached } of answers) expect(cached).toBe(true);
      clock.ms += second;
    }
    expect(fetched).toBe(1 + 6);
    clock.ms += 10 * second;
    expect(textOf(await get())).toBe('a 8');
  });

  test('a refusal is no outage: it takes the old pass away at once', async () => {
    await get();
    clock.ms += hour - 200 * second;
    await expect(cache.get('a', down, never)).rejects.toBe(outage);
    expect(cache.size).toBe(0);
    await expect(cache.get('a', down, always)).rejects.toBe(outage);
  });

  test('a renewal in the background is tried once in ten seconds, and is felt by nobody', async () => {
    await get();
    clock.ms = noon + hour - 600 * second;
    for (let s = 0; s < 60; s++) {
      const { pass, cached } = await cache.get('a', down, always);
      expect({ pass, cached }).toEqual({ pass: passOf('a 1', noon + hour), cached: true });
      clock.ms += second;
    }
    expect(fetched).toBe(1 + 6);
  });

  test('a refusal in the background takes the old pass away for whoever comes then', async () => {
    await get();
    clock.ms = noon + hour - 600 * second;
    expect((await cache.get('a', down, never)).cached).toBe(true);
    await expect(cache.get('a', down, always)).rejects.toBe(outage);
    expect(cache.size).toBe(0);
  });

  test('without an old pass there is only the error', async () => {
    await expect(cache.get('a', down, always)).rejects.toBe(outage);
    expect(cache.size).toBe(0);
  });
});

const passOf = (text: string, expiresAt: number): Credentials => ({
  expiresAt,
  credentials: { access_token: text, token_type: 'Bearer' },
});
