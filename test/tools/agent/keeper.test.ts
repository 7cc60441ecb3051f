import { describe, expect, test } from '@jest/globals';
import { dueAfter, type Wanted } from '../../../src/tools/agent/held.ts';
import { SojournRequestError } from '../../../src/tools/sdk/index.ts';
import { begin, hour, minute, second, whyNot, world } from './world.ts';

const unreachable = new SojournRequestError({
  code: 'unreachable',
  detail: 'No server answers at https://id.example.com (ECONNREFUSED).',
  advice: 'Check the issuer.',
});
const refusal = (code: string, status: number) =>
  new SojournRequestError({ code, status, detail: `It says ${code}.`, advice: 'Do something.' });

const token = (connection: string, leastSeconds = 0): Wanted => ({ connection, kind: 'token', leastSeconds });
const credentials = (connection: string): Wanted => ({ connection, kind: 'credentials', leastSeconds: 0 });
const many = (count: number) => Array.from({ length: count }, (_, index) => `con_${index}`);

describe('keeping fresh', () => {
  test('24 hours of refreshing leave no gap and no rest, and make one call for each refresh', async () => {
    const all = [...many(20).map((name) => token(name)), ...many(20).map(credentials)];
    const server = world(all);
    await server.keeper.settled();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    for (let passed = 0; passed < 24 * hour; passed += second) {
      await server.pass(second);
      if (passed % minute === 0)
        for (const { connection, kind } of all) await server.keeper.get(connection, kind);
    }
    expect(server.keeper.held().length).toBe(40);
    expect(server.keeper.held().filter(({ waits, grant }) => waits || !grant)).toEqual([]);
    expect(timers()).toBe(before);
    const perItem = Map.groupBy(server.calls, ({ key }) => key);
    const counts = (kind: string) =>
      new Set([...perItem].filter(([key]) => key.startsWith(kind)).map(([, calls]) => calls.length));
    // Every 47.5 % of 15 minutes, and every hour less 4 min 30 s, at the next full second.
    expect([...counts('token')]).toEqual([1 + Math.floor((24 * 3600) / 428)]);
    expect([...counts('credentials')]).toEqual([1 + Math.floor((24 * 3600) / 3330)]);
    expect(server.outcomes.filter((outcome) => outcome !== 'ok')).toEqual([]);
  }, 60_000);

  test('a token that is served has half of its life left or more', async () => {
    const server = world([token('con_a')]);
    let least = Number.POSITIVE_INFINITY;
    for (let passed = 0; passed < 2 * hour; passed += second) {
      await server.pass(second);
      least = Math.min(least, (await server.keeper.get('con_a', 'token')).expiresAt - server.time);
    }
    expect(least).toBeGreaterThanOrEqual(7.5 * minute);
  });

  test('two hundred callers at once cause one call', async () => {
    const server = world([token('con_a')]);
    const all = await Promise.all(Array.from({ length: 200 }, () => server.keeper.get('con_a', 'token')));
    expect(new Set(all.map(({ text }) => text))).toEqual(new Set(['secret-1']));
    expect(server.calls.length).toBe(1);
  });

  test('agents that start together do not refresh together', () => {
    const dues = (kind: 'token' | 'credentials', life: number) =>
      [0, 0.25, 0.5, 0.75, 1].map((chance) => {
        const wanted = { connection: '', kind, leastSeconds: 0 };
        const grant = { text: '', expiresAt: begin + life };
        const due = dueAfter(
          wanted,
          grant,
          () => begin,
          () => chance,
        );
        return (due - begin) / second;
      });
    expect(dues('token', hour)).toEqual([1620, 1665, 1710, 1755, 1800]);
    expect(dues('credentials', hour)).toEqual([3360, 3345, 3330, 3315, 3300]);
    expect(dues('credentials', 15 * minute)).toEqual([720, 708.75, 697.5, 686.25, 675]);
  });

  test('what is no longer wanted is forgotten, and what still is stays', async () => {
    const server = world([token('con_a'), token('con_b')]);
    await server.keeper.settled();
    const before = await server.keeper.get('con_b', 'token');
    server.keeper.want([token('con_b'), token('con_c')]);
    await server.keeper.settled();
    expect(await server.keeper.get('con_b', 'token')).toBe(before);
    expect(await whyNot(server.keeper.get('con_a', 'token'))).toMatchObject({ code: 'not_found' });
    expect(server.calls.map(({ key }) => key)).toEqual(['token con_a', 'token con_b', 'token con_c']);
  });
});

describe('while the server is away', () => {
  test('what was given before is served to its end, and then a sentence with what to do', async () => {
    const server = world([token('con_a')]);
    await server.keeper.settled();
    const { text } = await server.keeper.get('con_a', 'token');
    server.says = () => unreachable;
    await server.pass(14 * minute);
    expect((await server.keeper.get('con_a', 'token')).text).toBe(text);
    await server.pass(minute);
    expect(await whyNot(server.keeper.get('con_a', 'token'))).toEqual({
      code: 'agent_not_ready',
      message:
        'The agent has no token for con_a. No server answers at https://id.example.com (ECONNREFUSED).',
      advice: 'Check the issuer.',
    });
  });

  test('ten thousand connections find it out by one call at a time, with growing pauses, and are served when it is back', async () => {
    const all = many(10_000).map((name) => token(name));
    const server = world(all, { says: () => unreachable });
    await server.keeper.settled();
    const together = server.calls.length;
    expect(together).toBe(16);
    await server.pass(10 * minute);
    const later = server.calls.length - together;
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
      wait_seconds: 1,
      msg: 'No server answers at https://id.example.com (ECONNREFUSED). Check the issuer.',
    });
    server.says = undefined;
    await server.pass(minute);
    expect(server.keeper.held().filter(({ grant }) => !grant)).toEqual([]);
    expect(server.log().filter(({ event }) => event === 'agent.server_recovered')).toHaveLength(1);
  }, 60_000);

  test.each(['invalid_client', 'rate_limited', 'store_unavailable', 'sign_in_invalid'])(
    '%s concerns all connections, and takes nothing away that was given',
    async (code) => {
      const server = world([token('con_a'), token('con_b')]);
      await server.keeper.settled();
      server.says = () => refusal(code, 401);
      await server.pass(10 * minute);
      expect(server.keeper.held().filter(({ grant }) => grant)).toHaveLength(2);
      expect(server.refused).toEqual([]);
      expect(server.keeper.gate.trouble).toMatchObject({ code, sentence: `It says ${code}.` });
    },
  );

  test('Retry-After is kept to', async () => {
    const error = { code: 'rate_limited', status: 429, retryAfter: 40, detail: 'Wait.', advice: 'Wait.' };
    const server = world([token('con_a')], { says: () => new SojournRequestError(error) });
    await server.pass(39 * second);
    expect(server.calls.length).toBe(1);
    await server.pass(2 * second);
    expect(server.calls.length).toBe(2);
  });
});

describe('when the server says no', () => {
  test.each([
    ['connection_disabled', 409],
    ['connection_not_found', 404],
    ['cloud_trust_refused', 502],
  ])(
    '%s takes away what was given before, at that connection alone, and is asked again',
    async (code, status) => {
      const server = world([token('con_a'), token('con_b')]);
      await server.keeper.settled();
      server.says = ({ connection }) => (connection === 'con_a' ? refusal(code, status) : undefined);
      await server.pass(8 * minute);
      expect(await whyNot(server.keeper.get('con_a', 'token'))).toEqual({
        code: 'agent_not_ready',
        message: `The agent has no token for con_a. It says ${code}.`,
        advice: 'Do something.',
      });
      expect(new Set(server.refused)).toEqual(new Set(['con_a']));
      await server.keeper.get('con_b', 'token');
      expect(server.log().filter(({ event }) => event === 'agent.refresh_failed')).toHaveLength(1);
      server.says = undefined;
      await server.pass(minute);
      await server.keeper.get('con_a', 'token');
      expect(server.log().filter(({ event }) => event === 'agent.recovered')).toHaveLength(1);
    },
  );

  test.each([
    ['cloud_timeout', 504],
    ['cloud_throttled', 503],
    ['internal', 500],
  ])('%s is of the moment: what was given before is served', async (code, status) => {
    const server = world([credentials('con_a')]);
    await server.keeper.settled();
    const { text } = await server.keeper.get('con_a', 'credentials');
    server.says = () => refusal(code, status);
    await server.pass(58 * minute);
    expect((await server.keeper.get('con_a', 'credentials')).text).toBe(text);
    expect(server.keeper.gate.trouble).toBeUndefined();
  });

  test('tokens that end too soon for their reader are refused, with the command that helps', async () => {
    const server = world([token('con_a', 660)], { life: () => 10 * minute });
    await server.keeper.settled();
    expect(await whyNot(server.keeper.get('con_a', 'token'))).toEqual({
      code: 'agent_not_ready',
      message:
        "The agent has no token for con_a. The tokens of con_a live 600 seconds, and its file needs 660 or more: Azure's libraries keep what they have read for 5 minutes.",
      advice: 'Run: sojourn connection update con_a --token-ttl 900',
    });
  });

  test('what is over already by this clock is not served, and the clock is named', async () => {
    const server = world([credentials('con_a')], { life: () => -minute });
    await server.keeper.settled();
    expect(await whyNot(server.keeper.get('con_a', 'credentials'))).toMatchObject({
      message:
        'The agent has no credentials for con_a. What the server just gave is over already by the clock of this machine.',
    });
  });
});

describe('a clock that jumps and a machine that slept', () => {
  test('after sleep everything is fetched anew at once, also while a pause was on', async () => {
    const server = world([token('con_a')]);
    await server.keeper.settled();
    server.says = () => unreachable;
    await server.pass(9 * minute);
    server.says = undefined;
    const calls = server.calls.length;
    server.time += 8 * hour;
    expect((await server.keeper.get('con_a', 'token')).text).toBe(`secret-${calls + 1}`);
    expect(server.log().find(({ event }) => event === 'agent.clock_jumped')).toEqual({
      level: 'warn',
      time: expect.any(String),
      event: 'agent.clock_jumped',
      seconds: 8 * 3600,
      msg: 'the clock was set, or this machine slept: everything is fetched anew',
    });
  });

  test('a clock that is set back makes nothing live longer', async () => {
    const server = world([token('con_a')]);
    await server.keeper.settled();
    server.says = () => unreachable;
    server.time -= hour;
    await server.pass(14 * minute);
    await server.keeper.get('con_a', 'token');
    await server.pass(minute);
    expect(await whyNot(server.keeper.get('con_a', 'token'))).toMatchObject({ code: 'agent_not_ready' });
  });
});

test('no line of the log holds what was given', async () => {
  const server = world([token('con_a'), credentials('con_a')]);
  await server.pass(hour);
  server.says = () => refusal('connection_disabled', 409);
  await server.pass(hour);
  expect(server.log().length).toBeGreaterThan(10);
  expect(JSON.stringify(server.log())).not.toContain('secret-');
});
