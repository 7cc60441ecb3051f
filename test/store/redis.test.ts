import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { generate } from 'selfsigned';
import type { Store } from '../../src/store/index.ts';
import { freePort, type RedisServer, type RedisServerOptions, startRedis } from '../support/redis.ts';
import { benchOn, type LoggedBench, redisBench } from './bench.ts';
import { blackHoleBefore } from './black-hole.ts';
import { describeStore, noon } from './contract.ts';
import { startWriter } from './written.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describeStore('Redis', () => redisBench(common.url));

/** Whatever a test has started, ended after it in reverse. */
const started: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of started.splice(0).reverse()) await end();
});

const server = async (options?: RedisServerOptions): Promise<RedisServer> => {
  const redis = await startRedis(options);
  started.push(() => redis.stop());
  return redis;
};
const on = (url: string): LoggedBench => {
  const bench = benchOn(url);
  started.push(() => bench.end());
  return bench;
};
const ask = async <T>(url: string, question: (redis: Redis) => Promise<T>): Promise<T> => {
  const redis = new Redis(url);
  try {
    return await question(redis);
  } finally {
    redis.disconnect();
  }
};
/** The promised 2 s, and as much again for a machine that is busy with something else. */
const soonMs = 4_000;
const timed = async (work: Promise<unknown>) => {
  const start = performance.now();
  const outcome = await work.then(
    () => 'done',
    (error: { code?: string }) => error.code,
  );
  return { outcome, soon: performance.now() - start < soonMs };
};
const unavailable = { outcome: 'store_unavailable', soon: true };
const untilServed = async (store: Store) => {
  const deadline = performance.now() + 15_000;
  while ((await timed(store.ping())).outcome !== 'done') {
    if (performance.now() > deadline) throw new Error('the store did not come back');
    await sleep(50);
  }
};

describe('the start on Redis', () => {
  test.each([
    ['nobody listens', (port: number) => `redis://:hunter2@127.0.0.1:${port}/0`],
    ['nobody listens behind TLS', (port: number) => `rediss://joe:hunter2@127.0.0.1:${port}/0`],
  ])('where %s it fails with the place and the reason, and without the password', async (_, url) => {
    const port = await freePort();
    const bench = on(url(port));
    const failure = bench.open();
    expect(await timed(failure)).toEqual(unavailable);
    const error: unknown = await failure.catch((reason) => reason);
    const place = url(port).replace(/\/\/.*@/, '//');
    expect(error).toHaveProperty(
      'message',
      `The store ${place} cannot be used: connect ECONNREFUSED 127.0.0.1:${port}.`,
    );
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
  });

  test('a wrong password is told as such and never repeated', async () => {
    const { port } = await server({ settings: ['--requirepass', 'right'] });
    const bench = on(`redis://:hunter2@127.0.0.1:${port}`);
    const error: unknown = await bench.open().catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(`The store redis://127.0.0.1:${port} cannot be used: WRONGPASS `),
    });
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
    const store = await on(`redis://:right@127.0.0.1:${port}`).open();
    expect(await store.insert('tenant', 'a', {})).toBe(true);
  });

  test('a server that accepts and says nothing is given up', async () => {
    const hole = await blackHoleBefore(common.port);
    started.push(() => hole.close());
    hole.swallow(true);
    expect(await timed(on(`redis://127.0.0.1:${hole.port}`).open())).toEqual(unavailable);
  });

  test('the number of the database is honoured, and one that the server lacks is refused', async () => {
    const second = await on(`${common.url}/2`).open();
    await second.insert('tenant', 'of the second', {});
    expect(await (await on(common.url).open()).get('tenant', 'of the second')).toBeUndefined();
    await expect(on(`${common.url}/16`).open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: `The store ${common.url}/16 cannot be used: ERR DB index is out of range.`,
    });
    await expect(on(`${common.url}/two`).open()).rejects.toMatchObject({
      code: 'config_invalid',
      message: `store: ${common.url}/two must end in the number of a database, such as /0, or in the port.`,
    });
  });

  test('state of a newer program is refused with both versions and left as it is', async () => {
    const { url } = await server();
    await ask(url, (redis) => redis.set('{sojourn}:schema', '7'));
    await expect(on(url).open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The state in ${url} is of version 7; this program knows versions up to 1.`,
    });
    const state = await ask(url, async (redis) => [
      await redis.keys('*'),
      await redis.get('{sojourn}:schema'),
    ]);
    expect(state).toEqual([['{sojourn}:schema'], '7']);
  });

  test.each([
    [
      'nothing is kept',
      [],
      ['appendonly and save are off: a restart of Redis loses everything; set appendonly to yes.'],
    ],
    [
      'snapshots alone are kept',
      ['--save', '3600 1'],
      ['appendonly is off: a crash of Redis loses what came after its last snapshot; set it to yes.'],
    ],
    [
      'state may be thrown away',
      ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'],
      ['maxmemory-policy is allkeys-lru: Redis may throw state away; set it to noeviction.'],
    ],
    ['all is well', ['--appendonly', 'yes'], []],
  ])('where %s the log says so', async (_, settings, warnings) => {
    const bench = on((await server({ settings })).url);
    await bench.open();
    const lines = bench.logged().split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toEqual(
      warnings.map((msg) => ({ level: 'warn', time: expect.any(String), store: bench.url, msg })),
    );
  });

  test('TLS is spoken to a certificate that somebody vouches for, and to no other', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-tls-'));
    started.push(() => rm(folder, { recursive: true, force: true }));
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      algorithm: 'sha256',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const certFile = join(folder, 'cert.pem');
    const keyFile = join(folder, 'key.pem');
    await Promise.all([writeFile(certFile, cert), writeFile(keyFile, key)]);
    const tlsPort = await freePort();
    const files = ['--tls-cert-file', certFile, '--tls-key-file', keyFile, '--tls-ca-cert-file', certFile];
    await server({ settings: ['--tls-port', String(tlsPort), '--tls-auth-clients', 'no', ...files] });

    const url = `rediss://localhost:${tlsPort}`;
    await expect(on(url).open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(`The store ${url} cannot be used: self-signed certificate`),
    });
    const writer = startWriter(url, 'w', { environment: { NODE_EXTRA_CA_CERTS: certFile } });
    await writer.begun.finally(() => writer.child.kill('SIGKILL'));
    expect(writer.lines()[0]).toBe('w-0');
    await writer.ended;
  });
});

describe('trouble with Redis', () => {
  test('a server that goes away is told at once, and serves again by itself when it is back', async () => {
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
    // Long enough for several tries to reach it, which the log tells as one outage.
    await sleep(1_000);
    await server({ port: first.port });
    await untilServed(store);
    expect(await store.insert('tenant', 'b', {})).toBe(true);
    expect(await store.get('tenant', 'b')).toEqual({ id: 'b', version: 1, value: {} });
    const told = bench.logged().split('\n').filter(Boolean);
    const outage = told.map((line) => JSON.parse(line) as { level: string; msg: string });
    expect(outage.filter(({ level }) => level !== 'debug').map(({ msg }) => msg)).toEqual([
      'appendonly and save are off: a restart of Redis loses everything; set appendonly to yes.',
      'the store has gone away; trying to reach it again',
      'the store is back',
    ]);
  }, 40_000);

  test('a server that hangs is told in time to every caller, and serves again over a new connection', async () => {
    const hole = await blackHoleBefore(common.port);
    started.push(() => hole.close());
    const store = await on(`redis://127.0.0.1:${hole.port}`).open();
    await store.ping();
    hole.swallow(true);
    const callers = Array.from({ length: 20 }, (_, i) => timed(store.insert('once', `hung-${i}`, {})));
    expect(await Promise.all(callers)).toEqual(callers.map(() => unavailable));
    expect(await timed(store.search({ keys: ['a', 'b'], limit: 5 }))).toEqual(unavailable);
    hole.swallow(false);
    await untilServed(store);
    // What could not be told as done was not done later either.
    expect(await store.get('once', 'hung-0')).toBeUndefined();
  }, 40_000);

  test('a store is closed in time while its server hangs or is gone', async () => {
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
      store.append({ at: noon, keys: [], value: 1 }),
      store.ping(),
    ]) {
      expect(await timed(write)).toEqual(unavailable);
    }
    expect(await store.get('tenant', 'a')).toEqual({ id: 'a', version: 1, value: {} });
    expect(await store.list('tenant', { limit: 5 })).toHaveProperty('items.length', 1);
    await ask(url, (redis) => redis.config('SET', 'maxmemory', '0'));
    expect(await store.search({ limit: 5 })).toEqual({ items: [] });
  });

  test('a server that has become a replica refuses writes, and is asked again over a new connection', async () => {
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
    // One to make it a primary again, one to ask this, and ours.
    expect(await connections()).toBeGreaterThanOrEqual(before + 3);
  }, 40_000);

  test('a failure never carries the document that was to be written', async () => {
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

  test('a caller whose clock has jumped ahead sweeps nothing away', async () => {
    const { url } = await server();
    const bench = on(url);
    const store = await bench.open();
    const far = Date.UTC(2100, 0);
    bench.clock.ms = noon;
    await store.insert('once', 'a', {}, { expiresAt: far - 3_600_000 });
    bench.clock.ms = far;
    for (let i = 0; i < 20; i++) await store.insert('once', `x${i}`, {}, { expiresAt: far + 1 });
    bench.clock.ms = noon;
    expect(await store.insert('once', 'a', {}, { expiresAt: far })).toBe(false);
  });

  test('every step keeps to the one slot that a Cluster allows it', async () => {
    const { url } = await server({ settings: ['--cluster-enabled', 'yes'] });
    await ask(url, async (redis) => {
      await redis.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      while (!String(await redis.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await sleep(50);
    });
    const bench = on(url);
    const store = await bench.open();
    bench.clock.ms = noon;
    await store.insert('once', 'old', {}, { expiresAt: noon + 1, within: '{w}' });
    bench.clock.ms = noon + 3_600_000;
    expect(await store.insert('once', '{a}', {}, { within: '{w}' })).toBe(true);
    expect(await store.replace('once', '{a}', 1, {})).toBe(true);
    const left = { items: [{ id: '{a}', version: 2, value: {} }] };
    expect(await store.list('once', { within: '{w}', limit: 5 })).toEqual(left);
    expect(await store.remove('once', '{a}', 2)).toBe(true);
    expect(await store.append({ at: noon, keys: ['{k}', '{l}'], value: 1 })).toBe(1);
    expect(await store.search({ keys: ['{k}', '{l}'], limit: 5 })).toHaveProperty('items.length', 1);
  });
});
