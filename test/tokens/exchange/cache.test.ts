import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Credentials } from '../../../src/clouds/index.ts';
import { type CredentialsCache, createCredentialsCache } from '../../../src/tokens/exchange/cache.ts';
import { noon } from '../../support/modules.ts';

const second = 1000;
const hour = 3_600_000;

/** The wall clock, and the time that has really passed where that clock was set back. */
let clock: { ms: number; passed: number };
let cache: CredentialsCache;
let fetched: number;
beforeEach(() => {
  clock = { ms: noon, passed: 0 };
  cache = createCredentialsCache({ now: () => clock.ms, elapsed: () => clock.passed, maxEntries: 100 });
  fetched = 0;
});

/** Credentials whose token names their key and the number of the fetch. */
const newCredentials = (key: string, life = hour): Credentials => ({
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
const get = (key = 'a', life = hour) =>
  cache.get(key, { fetch: async () => newCredentials(key, life), staleOn: always });
const tokenOf = ({ credentials: { credentials } }: { credentials: Credentials }) =>
  'access_token' in credentials && credentials.access_token;

describe('the credentials cache', () => {
  test('fetches credentials once and serves them until five minutes of their life are left', async () => {
    expect(await get()).toEqual({ credentials: credentialsOf('a 1', noon + hour), cached: false });
    clock.ms = noon + hour - 600 * second - 1;
    expect(await get()).toEqual({ credentials: credentialsOf('a 1', noon + hour), cached: true });
    expect(fetched).toBe(1);
    clock.ms = noon + hour - 300 * second;
    expect(await get()).toEqual({ credentials: credentialsOf('a 2', clock.ms + hour), cached: false });
  });

  test('refreshes them once in the background during the five minutes before that, and no caller waits', async () => {
    await get();
    clock.ms = noon + hour - 600 * second;
    const answers = await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(new Set(answers.map(tokenOf))).toEqual(new Set(['a 1']));
    expect(await get()).toEqual({ credentials: credentialsOf('a 2', clock.ms + hour), cached: true });
    expect(fetched).toBe(2);
  });

  test('refreshes short-lived credentials at half of their life, and lets callers wait at a quarter', async () => {
    await get('a', 600 * second);
    clock.ms += 300 * second - 1;
    await get();
    expect(fetched).toBe(1);
    clock.ms = noon + 450 * second;
    expect((await get()).cached).toBe(false);
  });

  test('returns credentials that have expired on arrival once, and never from the cache', async () => {
    await get('a', -second);
    expect(tokenOf(await get('a'))).toBe('a 2');
  });

  test('makes one fetch for 200 concurrent callers', async () => {
    const answers = await Promise.all(Array.from({ length: 200 }, () => get()));
    expect(new Set(answers.map(tokenOf))).toEqual(new Set(['a 1']));
    expect(fetched).toBe(1);
  });

  test('makes no second fetch for callers that arrive at any moment of the first one', async () => {
    const slow = async () => {
      await Promise.resolve();
      return newCredentials('a');
    };
    const answers: Promise<unknown>[] = [];
    for (let moment = 0; moment < 50; moment++) {
      answers.push(cache.get('a', { fetch: slow, staleOn: always }));
      await Promise.resolve();
    }
    await Promise.all(answers);
    expect(fetched).toBe(1);
  });

  test('rejects all 200 concurrent callers with the error of one fetch, and fetches again for the next caller', async () => {
    const answers = await Promise.allSettled(
      Array.from({ length: 200 }, () => cache.get('a', { fetch: down, staleOn: always })),
    );
    for (const answer of answers) expect(answer).toEqual({ status: 'rejected', reason: outage });
    expect(fetched).toBe(1);
    expect(tokenOf(await get())).toBe('a 2');
  });

  test('never serves the credentials of another key', async () => {
    const keys = Array.from({ length: 60 }, (_, number) => `key-${number % 20}`);
    const slow = async (key: string) => {
      for (let wait = 0; wait < key.length; wait++) await Promise.resolve();
      return newCredentials(key);
    };
    for (let round = 0; round < 5; round++) {
      clock.ms += hour;
      const answers = await Promise.all(
        keys.map((key) => cache.get(key, { fetch: () => slow(key), staleOn: always })),
      );
      expect(answers.map((answer) => String(tokenOf(answer)).split(' ')[0])).toEqual(keys);
    }
    for (const key of ['__proto__', 'constructor']) expect(tokenOf(await get(key))).toContain(key);
  });

  test('holds at most its maximum of entries and drops the least recently used', async () => {
    for (let number = 0; number < 250; number++) await get(`key-${number}`);
    expect(cache.size).toBe(100);
    expect((await get('key-249')).cached).toBe(true);
    expect((await get('key-149')).cached).toBe(false);
    expect(cache.size).toBe(100);
  });
});

describe('the credentials cache, after the wall clock was set back,', () => {
  const elapse = (seconds: number) => {
    clock.ms += seconds * second;
    clock.passed += seconds * second;
  };

  test('serves cached credentials no longer than before, and new ones by the new time', async () => {
    await get();
    clock.ms -= hour;
    elapse(3299);
    expect((await get()).cached).toBe(true);
    expect(tokenOf(await get())).toBe('a 2');
    elapse(3300);
    expect(await get()).toEqual({ credentials: credentialsOf('a 3', clock.ms + hour), cached: false });
  });

  test('does not serve credentials in their last minute, even while the cloud is down', async () => {
    await get();
    clock.ms -= hour;
    elapse(3540);
    expect((await cache.get('a', { fetch: down, staleOn: always })).cached).toBe(true);
    elapse(0.001);
    await expect(cache.get('a', { fetch: down, staleOn: always })).rejects.toBe(outage);
  });
});

describe('the credentials cache, while the cloud is down,', () => {
  test('serves old credentials until a minute of their life is left', async () => {
    await get();
    clock.ms = noon + hour - 60 * second;
    expect(await cache.get('a', { fetch: down, staleOn: always })).toEqual({
      credentials: credentialsOf('a 1', noon + hour),
      cached: true,
    });
    clock.ms += 1;
    await expect(cache.get('a', { fetch: down, staleOn: always })).rejects.toBe(outage);
  });

  test('makes one attempt in ten seconds for all callers', async () => {
    await get();
    clock.ms += hour - 200 * second;
    for (let s = 0; s < 60; s++) {
      const answers = await Promise.all(
        Array.from({ length: 10 }, () => cache.get('a', { fetch: down, staleOn: always })),
      );
      for (const { cached } of answers) expect(cached).toBe(true);
      clock.ms += second;
    }
    expect(fetched).toBe(1 + 6);
    clock.ms += 10 * second;
    expect(tokenOf(await get())).toBe('a 8');
  });

  test('evicts credentials at once when the cloud refuses', async () => {
    await get();
    clock.ms += hour - 200 * second;
    await expect(cache.get('a', { fetch: down, staleOn: never })).rejects.toBe(outage);
    expect(cache.size).toBe(0);
    await expect(cache.get('a', { fetch: down, staleOn: always })).rejects.toBe(outage);
  });

  test('attempts a background refresh once in ten seconds without delaying a caller', async () => {
    await get();
    clock.ms = noon + hour - 600 * second;
    for (let s = 0; s < 60; s++) {
      const { credentials, cached } = await cache.get('a', { fetch: down, staleOn: always });
      expect({ credentials, cached }).toEqual({
        credentials: credentialsOf('a 1', noon + hour),
        cached: true,
      });
      clock.ms += second;
    }
    expect(fetched).toBe(1 + 6);
  });

  test('evicts credentials when a background refresh is refused', async () => {
    await get();
    clock.ms = noon + hour - 600 * second;
    expect((await cache.get('a', { fetch: down, staleOn: never })).cached).toBe(true);
    await expect(cache.get('a', { fetch: down, staleOn: always })).rejects.toBe(outage);
    expect(cache.size).toBe(0);
  });

  test('rejects with the error if nothing is cached', async () => {
    await expect(cache.get('a', { fetch: down, staleOn: always })).rejects.toBe(outage);
    expect(cache.size).toBe(0);
  });
});

const credentialsOf = (text: string, expiresAt: number): Credentials => ({
  expiresAt,
  credentials: { access_token: text, token_type: 'Bearer' },
});
