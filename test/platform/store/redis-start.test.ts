import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { createLogger } from '../../../src/platform/log/index.ts';
import { connect } from '../../../src/platform/store/redis/connection.ts';
import { claim } from '../../../src/platform/store/redis/inspect.ts';
import { freePort, type RedisServer, startRedis } from '../../support/redis.ts';
import { blackHoleBefore } from './black-hole.ts';
import { noon } from './journal.ts';
import { ask, server } from './redis-bench.ts';
import { later, on, timed, unavailable } from './trouble.ts';
import { startWriter } from './written.ts';

let common: RedisServer;
beforeAll(async () => {
  common = await startRedis();
});
afterAll(() => common.stop());

describe('the start on Redis', () => {
  test.each([
    ['nobody listens', (port: number) => `redis://:hunter2@127.0.0.1:${port}/0`],
    ['nobody listens behind TLS', (port: number) => `rediss://joe:hunter2@127.0.0.1:${port}/0`],
  ])('fails where %s, with the URL and the reason but without the password', async (_, url) => {
    const port = await freePort();
    const bench = on(url(port));
    const failure = bench.open();
    expect(await timed(failure)).toEqual(unavailable);
    const error: unknown = await failure.catch((reason) => reason);
    const place = url(port).replace(/\/\/.*@/, '//');
    expect(error).toHaveProperty(
      'message',
      `The store ${place} is unusable: connect ECONNREFUSED 127.0.0.1:${port}.`,
    );
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
  });

  test('fails with a wrong password and does not repeat it', async () => {
    const { port } = await server({ settings: ['--requirepass', 'right'] });
    const bench = on(`redis://:hunter2@127.0.0.1:${port}`);
    const error: unknown = await bench.open().catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(`The store redis://127.0.0.1:${port} is unusable: WRONGPASS `),
    });
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
    const store = await on(`redis://:right@127.0.0.1:${port}`).open();
    expect(await store.insert('tenant', 'a', {})).toBe(true);
  });

  test('times out on a server that accepts and does not answer', async () => {
    const hole = await blackHoleBefore(common.port);
    later(() => hole.close());
    hole.swallow(true);
    expect(await timed(on(`redis://127.0.0.1:${hole.port}`).open())).toEqual(unavailable);
  });

  test('uses the database number, and fails if the server does not have it', async () => {
    const second = await on(`${common.url}/2`).open();
    await second.insert('tenant', 'of the second', {});
    expect(await (await on(common.url).open()).get('tenant', 'of the second')).toBeUndefined();
    await expect(on(`${common.url}/16`).open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: `The store ${common.url}/16 is unusable: ERR DB index is out of range.`,
    });
    await expect(on(`${common.url}/two`).open()).rejects.toMatchObject({
      code: 'config_invalid',
      message: `store: ${common.url}/two must end with a database number, such as /0, or with the port.`,
    });
  });

  test('of a newer version is rejected with both versions and left unchanged', async () => {
    const { url } = await server();
    await ask(url, (redis) => redis.set('{sojourn}:schema', '7'));
    await expect(on(url).open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The state in ${url} has version 7; this version of Sojourn supports versions up to 2.`,
    });
    const state = await ask(url, async (redis) => [
      await redis.keys('*'),
      await redis.get('{sojourn}:schema'),
    ]);
    expect(state).toEqual([['{sojourn}:schema'], '7']);
  });

  test('of version 1 is migrated, and its lines are found', async () => {
    const { url } = await server();
    await ask(url, async (redis) => {
      await redis.mset('{sojourn}:schema', '1', '{sojourn}:journal:sequence', '1');
      await redis.hset('{sojourn}:journal:lines', '1', `${noon}:{"tenant":"a","n":"1:2:{"}`);
      await redis.hset('{sojourn}:journal:hours', '0', '1:1');
      await redis.zadd('{sojourn}:journal:key:tenant:a', 1, '1');
    });
    const store = await on(url).open();
    const found = { items: [{ sequence: 1, at: noon, value: { tenant: 'a', n: '1:2:{' } }] };
    expect(await store.search({ keys: ['tenant:a'], from: noon, to: noon, limit: 5 })).toEqual(found);
    await sleep(1_500);
    expect(await store.search({ keys: ['tenant:a'], from: noon, to: noon, limit: 5 })).toEqual(found);
    expect(await ask(url, async (redis) => (await redis.keys('*')).sort())).toEqual([
      '{sojourn}:journal:hours',
      '{sojourn}:journal:indexed',
      '{sojourn}:journal:lines',
      '{sojourn}:journal:list:tenant:a',
      '{sojourn}:journal:sequence',
      '{sojourn}:schema',
      '{sojourn}:totals',
    ]);
  });

  test('migrates version 1 once, even if another replica migrates and changes the state at the same time', async () => {
    const { url } = await server();
    await ask(url, async (redis) => {
      await redis.mset('{sojourn}:schema', '1', '{sojourn}:journal:sequence', '1');
      await redis.hset('{sojourn}:journal:lines', '1', `${noon}:{"tenant":"a"}`);
    });
    const late = await connect(url, createLogger({ level: 'silent' }));
    later(async () => late.disconnect());
    const scanStream = late.scanStream.bind(late);
    late.scanStream = ((options: Parameters<typeof scanStream>[0]) =>
      (async function* () {
        const store = await on(url).open();
        for (const id of ['a', 'b']) await store.insert('client', id, {});
        await store.remove('client', 'a', 1);
        await sleep(1_500);
        yield* scanStream(options);
      })()) as unknown as typeof scanStream;
    await claim(late, url);
    const store = await on(url).open();
    expect((await store.totals()).client).toEqual({ inserted: 2, removed: 1 });
    await store.append({ at: noon, value: { tenant: 'a' } });
    await sleep(1_500);
    expect(await ask(url, (redis) => redis.hget('{sojourn}:journal:list:tenant:a', '0'))).toBe('ABAC');
  });

  test.each([
    [
      'nothing is kept',
      [],
      ['appendonly and save are off: a restart of Redis loses all state; set appendonly to yes.'],
    ],
    [
      'snapshots alone are kept',
      ['--save', '3600 1'],
      ['appendonly is off: a crash of Redis loses all writes since its last snapshot; set it to yes.'],
    ],
    [
      'state may be thrown away',
      ['--appendonly', 'yes', '--maxmemory-policy', 'allkeys-lru'],
      ['maxmemory-policy is allkeys-lru: Redis may evict state; set it to noeviction.'],
    ],
    ['all is well', ['--appendonly', 'yes'], []],
  ])('logs a warning where %s', async (_, settings, warnings) => {
    const bench = on((await server({ settings })).url);
    await bench.open();
    const lines = bench.logged().split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toEqual(
      warnings.map((msg) => ({ level: 'warn', time: expect.any(String), store: bench.url, msg })),
    );
  });

  test('requires a trusted certificate with TLS', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-tls-'));
    later(() => rm(folder, { recursive: true, force: true }));
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
      message: expect.stringContaining(`The store ${url} is unusable: self-signed certificate`),
    });
    const writer = startWriter(url, 'w', { environment: { NODE_EXTRA_CA_CERTS: certFile } });
    await writer.begun.finally(() => writer.child.kill('SIGKILL'));
    expect(writer.lines()[0]).toBe('w-0');
    await writer.ended;
  });
});
