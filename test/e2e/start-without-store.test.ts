/** A replica that starts while the store is down: documents from the sealed copy, no key, no token, and complete by itself. */

import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startRedis } from '../support/redis.ts';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { environment, type ServerProcess, sojournProgram, writeConfig } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

/** A Redis that keeps its data when it is stopped and started again, and the options of a server on it. */
async function arrange() {
  const folder = await newFolder();
  const port = await steadyPort();
  const redisPort = await steadyPort();
  const data = join(folder, 'redis');
  await mkdir(data);
  const startStore = async () => {
    const settings = ['--appendonly', 'yes', '--appendfsync', 'always', '--dir', data];
    const redis = await startRedis({ port: redisPort, settings });
    later(() => redis.stop());
    return redis;
  };
  const options = {
    ...{ folder, port },
    config: { store: `redis://127.0.0.1:${redisPort}`, keys: { encryption_key: 'env:KEY_OF_KEYS' } },
    env: { KEY_OF_KEYS: randomBytes(32).toString('base64url') },
  };
  return { folder, startStore, options, copy: join(folder, 'keys/documents.copy') };
}

const get = async (url: string) => {
  const answer = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};

/** Whether the copy has the documents of all tenants yet. */
async function copied(copy: string, path: string): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (existsSync(copy) && (await readFile(copy, 'utf8')).includes(path)) return;
    await sleep(100);
  }
  throw new Error('no copy was written');
}

const keysOf = ({ admin }: ServerProcess) => admin.get<object>('/keys');

test('a replica that starts while the store is down serves the same documents, issues nothing, and is ready 5 s after the store', async () => {
  const { startStore, options, copy } = await arrange();
  const redis = await startStore();
  const first = await server(options);
  const { client, connection } = await oneConnection(first);
  const tenant = await first.admin.post<{ id: string }>('/tenants', { name: 'Own', own_issuer: true });
  const paths = [
    '/jwks',
    '/.well-known/openid-configuration',
    `/t/${tenant.id}/jwks`,
    `/t/${tenant.id}/.well-known/openid-configuration`,
  ];
  const texts = async (origin: string) =>
    Promise.all(paths.map(async (path) => (await get(origin + path)).text));
  const documents = await texts(first.origin);
  const keys = await keysOf(first);
  // The next renewal, which a start makes at once.
  await first.stop('SIGTERM');
  const again = await server(options);
  await copied(copy, `/t/${tenant.id}/jwks`);
  await again.stop('SIGKILL');
  await redis.stop();

  const startedAt = performance.now();
  const alone = await server({ ...options, isNew: true });
  expect(performance.now() - startedAt).toBeLessThan(15_000);
  expect(await texts(alone.origin)).toEqual(documents);
  expect(await get(`${alone.origin}/readyz/documents`)).toMatchObject({
    status: 200,
    text: '{"status":"ready"}',
  });
  expect(await get(`${alone.origin}/readyz`)).toMatchObject({ status: 503, text: '{"status":"not_ready"}' });
  const { status, text } = await get(`${alone.adminOrigin}/readyz`);
  expect([status, JSON.parse(text)]).toEqual([
    503,
    {
      status: 'not_ready',
      checks: [{ name: 'store', ok: false, detail: expect.stringMatching(/^The store redis:/) }],
    },
  ]);
  const askedAt = performance.now();
  expect(await askToken(alone.issuer, withSecret(client, connection))).toEqual({
    status: 503,
    body: expect.objectContaining({ error: 'temporarily_unavailable', code: 'store_unavailable' }),
  });
  expect(performance.now() - askedAt).toBeLessThan(2_000);
  expect(
    (await get(`${alone.origin}/v1/connections/${connection.id}/token`)).headers.get('retry-after'),
  ).toBe('5');
  expect((await get(`${alone.adminOrigin}/admin/v1/keys`)).status).toBe(503);

  await startStore();
  const backAt = performance.now();
  while ((await get(`${alone.origin}/readyz`).catch(() => undefined))?.status !== 200) await sleep(50);
  expect(performance.now() - backAt).toBeLessThan(5_000);
  expect(await askToken(alone.issuer, withSecret(client, connection))).toMatchObject({ status: 200 });
  expect(await texts(alone.origin)).toEqual(documents);
  expect(await keysOf(alone)).toEqual(keys);
  expect(await alone.stop('SIGTERM')).toEqual({ code: 0, signal: null });
}, 120_000);

/** Runs `serve` until it ends. */
async function run(options: Parameters<typeof writeConfig>[0] & { env: Record<string, string> }) {
  const file = await writeConfig(options);
  const startedAt = performance.now();
  const child = spawn(process.execPath, [sojournProgram, 'serve', '--config', file], {
    env: environment(options.env),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  later(async () => child.kill('SIGKILL'));
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const [code] = (await once(child, 'close')) as [number];
  return { code, err, milliseconds: performance.now() - startedAt };
}

test('with an empty folder and the store down, the server ends within 10 s, says why, and creates nothing', async () => {
  const { folder, options } = await arrange();
  const { code, err, milliseconds } = await run(options);
  expect(code).toBe(1);
  expect(err).toMatch(/The store redis:\/\/127\.0\.0\.1:\d+ is unusable: .*ECONNREFUSED/);
  expect(milliseconds).toBeLessThan(10_000);
  expect(await readdir(join(folder, 'keys')).catch(() => [])).toEqual([]);
}, 60_000);

test('a copy that was changed is not served', async () => {
  const { startStore, options, copy } = await arrange();
  const redis = await startStore();
  const first = await server(options);
  await copied(copy, '"/jwks"');
  await first.stop('SIGTERM');
  await redis.stop();
  const text = await readFile(copy, 'utf8');
  const changes: [(whole: string) => string, string][] = [
    [
      (whole) => whole.replace('\\"keys\\":[', '\\"keys\\":[{\\"kid\\":\\"of an attacker\\"},'),
      'it was not written with this key-encryption key',
    ],
    [
      (whole) => whole.replace(/"current_at":"20/, '"current_at":"30'),
      'it was not written with this key-encryption key',
    ],
    [(whole) => whole.slice(0, whole.length / 2), 'it is damaged'],
  ];
  for (const [change, reason] of changes) {
    expect(change(text)).not.toBe(text);
    await writeFile(copy, change(text));
    const { code, err } = await run(options);
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`The copy of the documents ${copy} cannot be served: ${reason}.`),
    ]);
  }
}, 60_000);
