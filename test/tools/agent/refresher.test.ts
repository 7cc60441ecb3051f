import { describe, expect, test } from '@jest/globals';
import { type EntrySpec, nextRefreshAt } from '../../../src/tools/agent/cache-entry.ts';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { begin, hour, minute, rejectionOf, second, simulate } from './simulation.ts';

const unreachable = new SojournRequestError({
  code: 'unreachable',
  detail: 'No server answers at https://id.example.com (ECONNREFUSED).',
  advice: 'Check the issuer.',
});
const refusal = (code: string, status: number) =>
  new SojournRequestError({ code, status, detail: `It says ${code}.`, advice: 'Do something.' });

const token = (connection: string, minLifetimeSeconds = 0): EntrySpec => ({
  connection,
  type: 'token',
  minLifetimeSeconds,
  lifetimeReason: "Azure's libraries cache a token for 5 minutes",
});
const credentials = (connection: string): EntrySpec => ({
  connection,
  type: 'credentials',
  minLifetimeSeconds: 0,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => `con_${index}`);

describe('the refresher', () => {
  test('makes one call for each refresh in 24 hours, and leaves no entry empty or pending', async () => {
    const all = [...many(20).map((name) => token(name)), ...many(20).map(credentials)];
    const server = simulate(all);
    await server.refresher.settled();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    for (let passed = 0; passed < 24 * hour; passed += second) {
      await server.advance(second);
      if (passed % minute === 0)
        for (const { connection, type } of all) await server.refresher.get(connection, type);
    }
    expect(server.refresher.entries().length).toBe(40);
    expect(server.refresher.entries().filter(({ isPending, value }) => isPending || !value)).toEqual([]);
    expect(timers()).toBe(before);
    const perEntry = Map.groupBy(server.calls, ({ key }) => key);
    const counts = (kind: string) =>
      new Set([...perEntry].filter(([key]) => key.startsWith(kind)).map(([, calls]) => calls.length));
    // Every 47.5 % of 15 minutes, and every hour less 4 min 30 s, at the next full second.
    expect([...counts('token')]).toEqual([1 + Math.floor((24 * 3600) / 428)]);
    expect([...counts('credentials')]).toEqual([1 + Math.floor((24 * 3600) / 3330)]);
    expect(server.outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
  }, 60_000);

  test('serves tokens with at least half of their lifetime left', async () => {
    const server = simulate([token('con_a')]);
    let least = Number.POSITIVE_INFINITY;
    for (let passed = 0; passed < 2 * hour; passed += second) {
      await server.advance(second);
      least = Math.min(least, (await server.refresher.get('con_a', 'token')).expiresAt - server.time);
    }
    expect(least).toBeGreaterThanOrEqual(7.5 * minute);
  });

  test('makes one call for two hundred concurrent callers', async () => {
    const server = simulate([token('con_a')]);
    const all = await Promise.all(Array.from({ length: 200 }, () => server.refresher.get('con_a', 'token')));
    expect(new Set(all.map(({ text }) => text))).toEqual(new Set(['secret-1']));
    expect(server.calls.length).toBe(1);
  });

  test('spreads the refreshes of agents that start together', () => {
    const delaysOf = (type: 'token' | 'credentials', lifetime: number) =>
      [0, 0.25, 0.5, 0.75, 1].map((fraction) => {
        const spec = { connection: '', type, minLifetimeSeconds: 0 };
        const value = { text: '', expiresAt: begin + lifetime };
        const refreshAt = nextRefreshAt(
          spec,
          value,
          () => begin,
          () => fraction,
        );
        return (refreshAt - begin) / second;
      });
    expect(delaysOf('token', hour)).toEqual([1620, 1665, 1710, 1755, 1800]);
    expect(delaysOf('credentials', hour)).toEqual([3360, 3345, 3330, 3315, 3300]);
    expect(delaysOf('credentials', 15 * minute)).toEqual([720, 708.75, 697.5, 686.25, 675]);
  });

  test('drops entries that are removed and keeps the values of the others', async () => {
    const server = simulate([token('con_a'), token('con_b')]);
    await server.refresher.settled();
    const before = await server.refresher.get('con_b', 'token');
    server.refresher.setEntries([token('con_b'), token('con_c')]);
    await server.refresher.settled();
    expect(await server.refresher.get('con_b', 'token')).toBe(before);
    expect(await rejectionOf(server.refresher.get('con_a', 'token'))).toMatchObject({ code: 'not_found' });
    expect(server.calls.map(({ key }) => key)).toEqual(['token con_a', 'token con_b', 'token con_c']);
  });
});

describe('while the server is unavailable', () => {
  test('the refresher serves a cached token until it expires, and then an error with advice', async () => {
    const server = simulate([token('con_a')]);
    await server.refresher.settled();
    const { text } = await server.refresher.get('con_a', 'token');
    server.respondWith = () => unreachable;
    await server.advance(14 * minute);
    expect((await server.refresher.get('con_a', 'token')).text).toBe(text);
    await server.advance(minute);
    expect(await rejectionOf(server.refresher.get('con_a', 'token'))).toEqual({
      code: 'agent_not_ready',
      message:
        'The agent has no token for con_a. No server answers at https://id.example.com (ECONNREFUSED).',
      advice: 'Check the issuer.',
    });
  });

  test('ten thousand connections share one trial call at a time with growing pauses, and are refreshed on recovery', async () => {
    const all = many(10_000).map((name) => token(name));
    const server = simulate(all, { respondWith: () => unreachable });
    await server.refresher.settled();
    const initial = server.calls.length;
    expect(initial).toBe(16);
    await server.advance(10 * minute);
    const later = server.calls.length - initial;
    // After 0.75, 1.5, 3, 6 and 12 seconds, then every 22.5, each at the next full second.
    expect(later).toBeGreaterThan(20);
    expect(later).toBeLessThan(32);
    const lines = server.log();
    expect(lines.length).toBe(1 + later);
    expect(lines[0]).toEqual({
      level: 'warn',
      time: expect.any(String),
      event: 'agent.server_unavailable',
      code: 'unreachable',
      failures: 1,
      retry_in_seconds: 1,
      msg: 'No server answers at https://id.example.com (ECONNREFUSED). Check the issuer.',
    });
    server.respondWith = undefined;
    await server.advance(minute);
    expect(server.refresher.entries().filter(({ value }) => !value)).toEqual([]);
    expect(server.log().filter(({ event }) => event === 'agent.server_recovered')).toHaveLength(1);
  }, 60_000);

  test.each(['rate_limited', 'store_unavailable', 'sign_in_invalid'])(
    '%s opens the circuit breaker for all connections and keeps the cached values',
    async (code) => {
      const server = simulate([token('con_a'), token('con_b')]);
      await server.refresher.settled();
      server.respondWith = () => refusal(code, 401);
      await server.advance(10 * minute);
      expect(server.refresher.entries().filter(({ value }) => value)).toHaveLength(2);
      expect(server.refused).toEqual([]);
      expect(server.refresher.breaker.failure).toMatchObject({ code, detail: `It says ${code}.` });
    },
  );

  test('the refresher waits for Retry-After', async () => {
    const error = { code: 'rate_limited', status: 429, retryAfter: 40, detail: 'Wait.', advice: 'Wait.' };
    const server = simulate([token('con_a')], { respondWith: () => new SojournRequestError(error) });
    await server.advance(39 * second);
    expect(server.calls.length).toBe(1);
    await server.advance(2 * second);
    expect(server.calls.length).toBe(2);
  });
});

describe('when the server refuses a connection', () => {
  test.each([
    ['connection_disabled', 409],
    ['connection_not_found', 404],
    ['cloud_trust_refused', 502],
  ])(
    '%s evicts the cached token of that connection only, and the refresher retries',
    async (code, status) => {
      const server = simulate([token('con_a'), token('con_b')]);
      await server.refresher.settled();
      server.respondWith = ({ connection }) => (connection === 'con_a' ? refusal(code, status) : undefined);
      await server.advance(8 * minute);
      expect(await rejectionOf(server.refresher.get('con_a', 'token'))).toEqual({
        code: 'agent_not_ready',
        message: `The agent has no token for con_a. It says ${code}.`,
        advice: 'Do something.',
      });
      expect(new Set(server.refused)).toEqual(new Set(['con_a']));
      await server.refresher.get('con_b', 'token');
      expect(server.log().filter(({ event }) => event === 'agent.refresh_failed')).toHaveLength(1);
      server.respondWith = undefined;
      await server.advance(minute);
      await server.refresher.get('con_a', 'token');
      expect(server.log().filter(({ event }) => event === 'agent.recovered')).toHaveLength(1);
    },
  );

  test.each([
    ['cloud_timeout', 504],
    ['cloud_throttled', 503],
    ['internal', 500],
  ])('%s is transient: the refresher serves the cached credentials', async (code, status) => {
    const server = simulate([credentials('con_a')]);
    await server.refresher.settled();
    const { text } = await server.refresher.get('con_a', 'credentials');
    server.respondWith = () => refusal(code, status);
    await server.advance(58 * minute);
    expect((await server.refresher.get('con_a', 'credentials')).text).toBe(text);
    expect(server.refresher.breaker.failure).toBeUndefined();
  });

  test('tokens that expire too soon for their reader are not served, and the error names the command to run', async () => {
    const server = simulate([token('con_a', 660)], { lifetime: () => 10 * minute });
    await server.refresher.settled();
    expect(await rejectionOf(server.refresher.get('con_a', 'token'))).toEqual({
      code: 'agent_not_ready',
      message:
        "The agent has no token for con_a. The tokens of con_a are valid for 600 seconds, and its token file needs 660 or more: Azure's libraries cache a token for 5 minutes.",
      advice: 'Run: sojourn connection update con_a --token-ttl 900',
    });
  });

  test('credentials that are expired on arrival are not served, and the error names the clock', async () => {
    const server = simulate([credentials('con_a')], { lifetime: () => -minute });
    await server.refresher.settled();
    expect(await rejectionOf(server.refresher.get('con_a', 'credentials'))).toMatchObject({
      message:
        'The agent has no credentials for con_a. According to the clock of this machine, the new credentials or token have already expired.',
    });
  });
});

describe('when the server refuses the client', () => {
  test.each([
    ['invalid_client', 401],
    ['unauthorized_client', 400],
    ['access_denied', 403],
    ['issuing_suspended', 403],
  ])(
    '%s evicts all cached values, and the refresher gets new ones once the server allows it',
    async (code, status) => {
      const server = simulate([token('con_a'), credentials('con_b'), credentials('con_c')], {
        lifetime: ({ connection }) => (connection === 'con_a' ? 15 * minute : 12 * hour),
      });
      await server.refresher.settled();
      server.respondWith = () => refusal(code, status);
      await server.advance(8 * minute);
      expect(server.refresher.entries().filter(({ value }) => value)).toEqual([]);
      expect(server.refused).toEqual(['con_a', 'con_b', 'con_c']);
      expect(await rejectionOf(server.refresher.get('con_b', 'credentials'))).toEqual({
        code: 'agent_not_ready',
        message: `The agent has no credentials for con_b. It says ${code}.`,
        advice: 'Do something.',
      });
      expect(server.log().filter(({ event }) => event === 'agent.discarded')).toEqual([
        expect.objectContaining({ level: 'warn', entries: 3, msg: 'discarded all cached values' }),
      ]);
      server.respondWith = undefined;
      await server.advance(minute);
      for (const { connection, type } of server.refresher.entries())
        await server.refresher.get(connection, type);
    },
  );

  test('the refresher caches no value that the server sent before its refusal', async () => {
    const server = simulate([credentials('con_a'), credentials('con_b')]);
    await server.refresher.settled();
    const late = Promise.withResolvers<undefined>();
    server.respondWith = ({ connection }) =>
      connection === 'con_a' ? refusal('invalid_client', 401) : undefined;
    server.delay = ({ connection }) => (connection === 'con_b' ? late.promise : undefined);
    server.time += 56 * minute;
    server.refresher.tick();
    while (server.refused.length < 2) await Promise.resolve();
    late.resolve(undefined);
    await server.refresher.settled();
    expect(server.refresher.entries().filter(({ value }) => value)).toEqual([]);
    expect(server.refresher.breaker.failure).toMatchObject({ code: 'invalid_client' });
  });
});

describe('when the clock jumps or the machine slept', () => {
  test('the refresher refreshes all entries at once, even if the circuit breaker is open', async () => {
    const server = simulate([token('con_a')]);
    await server.refresher.settled();
    server.respondWith = () => unreachable;
    await server.advance(9 * minute);
    server.respondWith = undefined;
    const calls = server.calls.length;
    server.time += 8 * hour;
    expect((await server.refresher.get('con_a', 'token')).text).toBe(`secret-${calls + 1}`);
    expect(server.log().find(({ event }) => event === 'agent.clock_jumped')).toEqual({
      level: 'warn',
      time: expect.any(String),
      event: 'agent.clock_jumped',
      seconds: 8 * 3600,
      msg: 'the clock was set or this machine was suspended; refreshing all entries',
    });
  });

  test('a clock that is set back does not extend the life of a token', async () => {
    const server = simulate([token('con_a')]);
    await server.refresher.settled();
    server.respondWith = () => unreachable;
    server.time -= hour;
    await server.advance(14 * minute);
    await server.refresher.get('con_a', 'token');
    await server.advance(minute);
    expect(await rejectionOf(server.refresher.get('con_a', 'token'))).toMatchObject({
      code: 'agent_not_ready',
    });
  });
});

test('the log of the refresher contains no token and no credentials', async () => {
  const server = simulate([token('con_a'), credentials('con_a')]);
  await server.advance(hour);
  server.respondWith = () => refusal('connection_disabled', 409);
  await server.advance(hour);
  expect(server.log().length).toBeGreaterThan(10);
  expect(JSON.stringify(server.log())).not.toContain('secret-');
});
