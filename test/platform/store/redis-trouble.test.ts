import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../../support/redis.ts';
import { blackHoleBefore } from './black-hole.ts';
import { noon } from './journal.ts';
import { ask, server } from './redis-bench.ts';
import { later, on, timed, unavailable, untilServed } from './trouble.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describe('a failure of Redis', () => {
  test('a lost server gives an error at once, and the store reconnects when it is back', async () => {
    const first = await server();
    const bench = on(first.url);
    const store = await bench.open();
    await store.insert('tenant', 'a', {});
    await first.stop();
    for (const work of [
      () => store.get('tenant', 'a'),
      () => store.insert('tenant', 'b', {}),
      () => store.ping(),
    ]) {
      expect(await timed(work())).toEqual(unavailable);
    }
    // Long enough for several attempts, which the log reports as one outage.
    await sleep(1_000);
    await server({ port: first.port });
    await untilServed(store);
    expect(await store.insert('tenant', 'b', {})).toBe(true);
    expect(await store.get('tenant', 'b')).toEqual({ id: 'b', version: 1, value: {} });
    const told = bench.logged().split('\n').filter(Boolean);
    const outage = told.map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(outage.filter(({ level }) => level !== 'debug').map(({ msg }) => msg)).toEqual([
      'appendonly and save are off: a restart of Redis loses all state; set appendonly to yes.',
      'lost the connection to the store; reconnecting',
      'the connection to the store is restored',
    ]);
  }, 40_000);

  test('a hung server gives every caller an error in time, and the store recovers with a new connection', async () => {
    const hole = await blackHoleBefore(common.port);
    later(() => hole.close());
    const store = await on(`redis://127.0.0.1:${hole.port}`).open();
    await store.ping();
    hole.swallow(true);
    const callers = Array.from({ length: 20 }, (_, i) => timed(store.insert('claim', `hung-${i}`, {})));
    expect(await Promise.all(callers)).toEqual(callers.map(() => unavailable));
    expect(await timed(store.search({ keys: ['a', 'b'], limit: 5 }))).toEqual(unavailable);
    hole.swallow(false);
    await untilServed(store);
    // Writes that were rejected did not happen later.
    expect(await store.get('claim', 'hung-0')).toBeUndefined();
  }, 40_000);

  test('closing the store ends in time while the server hangs or is down', async () => {
    const hole = await blackHoleBefore(common.port);
    const store = await on(`redis://127.0.0.1:${hole.port}`).open();
    const other = await on(`redis://127.0.0.1:${hole.port}`).open();
    hole.swallow(true);
    expect(await timed(store.close())).toEqual({ outcome: 'done', soon: true });
    await hole.close();
    await sleep(100);
    expect(await timed(other.close())).toEqual({ outcome: 'done', soon: true });
  });

  test('a full server refuses writes and still reads', async () => {
    const { url } = await server();
    const store = await on(url).open();
    await store.insert('tenant', 'a', {});
    await ask(url, (redis) => redis.config('SET', 'maxmemory', '1'));
    for (const write of [
      store.insert('tenant', 'b', {}),
      store.replace('tenant', 'a', 1, {}),
      store.append({ at: noon, value: 1 }),
      store.ping(),
    ]) {
      expect(await timed(write)).toEqual(unavailable);
    }
    expect(await store.get('tenant', 'a')).toEqual({ id: 'a', version: 1, value: {} });
    expect(await store.list('tenant', { limit: 5 })).toHaveProperty('items.length', 1);
    await ask(url, (redis) => redis.config('SET', 'maxmemory', '0'));
    expect(await store.search({ limit: 5 })).toEqual({ items: [] });
  });

  test.each([
    ['was emptied', (redis: Redis) => redis.flushall()],
    ['lost its last lines', (redis: Redis) => redis.hdel('{sojourn}:journal:lines', '2')],
    [
      'has other lines',
      (redis: Redis) => redis.hset('{sojourn}:journal:lines', '2', `${noon}:${'A'.repeat(22)}:"x"`),
    ],
  ])('a server that %s takes no further write of this process, and is still read', async (_, lose) => {
    const { url } = await server();
    const store = await on(url).open();
    await store.append({ at: noon, value: 'first' });
    await store.append({ at: noon, value: 'second' });
    expect(await store.log.continues()).toBe(true);
    await ask<unknown>(url, lose);
    expect(await store.log.continues()).toBe(false);
    const newest = await ask(url, (redis) => redis.get('{sojourn}:journal:sequence'));
    const refused = { code: 'store_rolled_back' };
    await expect(store.append({ at: noon, value: 'third' })).rejects.toMatchObject(refused);
    await expect(store.insert('client', 'b', {})).rejects.toMatchObject(refused);
    await expect(store.replace('client', 'b', 1, {})).rejects.toMatchObject(refused);
    await expect(store.remove('client', 'b', 1)).rejects.toMatchObject(refused);
    expect(store.continuity.fault).toBe('it lacks audit lines that this server has written');
    expect(await ask(url, (redis) => redis.get('{sojourn}:journal:sequence'))).toBe(newest);
    expect(await store.get('client', 'b')).toBeUndefined();
  });

  test('a server that became a replica rejects writes, and the store reconnects', async () => {
    const { url } = await server();
    const store = await on(url).open();
    const connections = () =>
      ask(url, async (redis) =>
        Number(/total_connections_received:(\d+)/.exec(await redis.info('stats'))?.[1]),
      );
    await ask(url, (redis) => redis.replicaof('127.0.0.1', String(common.port)));
    const before = await connections();
    expect(await timed(store.insert('tenant', 'a', {}))).toEqual(unavailable);
    await ask(url, (redis) => redis.replicaof('NO', 'ONE'));
    await untilServed(store);
    expect(await store.insert('tenant', 'a', {})).toBe(true);
    // One connection makes it a primary again, one sends this query, and one is the store's.
    expect(await connections()).toBeGreaterThanOrEqual(before + 3);
  }, 40_000);

  test('an error never contains the document', async () => {
    const { url } = await server({ settings: ['--rename-command', 'EVAL', ''] });
    const bench = on(url);
    const store = await bench.open();
    const error: unknown = await store.insert('setting', 's', { hash: 'hunter2' }).catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'store_unavailable',
      cause: expect.objectContaining({ message: "ERR unknown command 'eval'" }),
    });
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
  });

  test('a caller whose clock has jumped ahead removes nothing', async () => {
    const { url } = await server();
    const bench = on(url);
    const store = await bench.open();
    const far = Date.UTC(2100, 0);
    bench.clock.ms = noon;
    await store.insert('claim', 'a', {}, { expiresAt: far - 3_600_000 });
    bench.clock.ms = far;
    for (let i = 0; i < 20; i++) await store.insert('claim', `x${i}`, {}, { expiresAt: far + 1 });
    bench.clock.ms = noon;
    expect(await store.insert('claim', 'a', {}, { expiresAt: far })).toBe(false);
  });

  test('every script uses one hash slot, as a Cluster requires', async () => {
    const { url } = await server({ settings: ['--cluster-enabled', 'yes'] });
    await ask(url, async (redis) => {
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
    });
    const bench = on(url);
    const store = await bench.open();
    bench.clock.ms = noon;
    await store.insert('claim', 'old', {}, { expiresAt: noon + 1, within: '{w}' });
    bench.clock.ms = noon + 3_600_000;
    expect(await store.insert('claim', '{a}', {}, { within: '{w}' })).toBe(true);
    expect(await store.replace('claim', '{a}', 1, {})).toBe(true);
    const left = { items: [{ id: '{a}', version: 2, value: {} }] };
    expect(await store.list('claim', { within: '{w}', limit: 5 })).toEqual(left);
    expect(await store.remove('claim', '{a}', 2)).toBe(true);
    expect(await store.append({ at: noon, value: { client: '{k}', tenant: '{l}' } })).toBe(1);
    expect(await store.search({ keys: ['client:{k}', 'tenant:{l}'], limit: 5 })).toHaveProperty(
      'items.length',
      1,
    );
  });
});
