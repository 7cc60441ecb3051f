/** Readiness: tokens can be issued now, or the documents can be served; for load balancers at the public listeners. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { startRedis } from '../../support/redis.ts';
import { askToken, oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function start(config: Record<string, unknown> = {}): Promise<TestServer> {
  const server = await testServer({ config });
  endings.push(server.close);
  return server;
}

const ask = async (url: string, method = 'GET') => {
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(5_000) });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? '' : (JSON.parse(text) as unknown) };
};

const ready = { status: 200, body: { status: 'ready' } };
const notReady = { status: 503, body: { status: 'not_ready' } };

/** Asks until the answer is the expected one, for five seconds at most. */
async function eventually(url: string, expected: object): Promise<void> {
  let answer = await ask(url);
  for (let tries = 0; tries < 50 && JSON.stringify(answer) !== JSON.stringify(expected); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    answer = await ask(url);
  }
  expect(answer).toEqual(expected);
}

test('the public listener and listen.documents answer readiness without a detail, the admin listener with the checks', async () => {
  const port = await freePort();
  const server = await testServer({
    port,
    config: {
      listen: { public: `127.0.0.1:${port}`, admin: '127.0.0.1:0', documents: '127.0.0.1:0' },
    },
  });
  endings.push(server.close);
  const detail = expect.any(String);
  expect(await ask(`${server.issuer}/readyz`)).toEqual(ready);
  expect(await ask(`${server.issuer}/readyz?verbose`)).toEqual(ready);
  expect(await ask(`${server.issuer}/readyz/documents`)).toEqual(ready);
  expect(await ask(`${server.issuer}/readyz`, 'HEAD')).toEqual({ status: 200, body: '' });
  expect(await ask(`${server.documentsOrigin}/readyz/documents`)).toEqual(ready);
  expect((await fetch(`${server.documentsOrigin}/readyz`)).status).toBe(404);
  for (const [path, method] of [
    ['/readyz', 'POST'],
    ['/readyz/', 'GET'],
    ['/healthz', 'GET'],
  ] as const)
    expect((await fetch(server.issuer + path, { method })).status).toBe(404);
  expect(await ask(`${server.adminOrigin}/readyz/documents`)).toEqual({
    status: 200,
    body: { status: 'ready', checks: [{ name: 'documents', ok: true, detail: '4 public keys' }] },
  });
  expect(await ask(`${server.adminOrigin}/readyz`)).toEqual({
    status: 200,
    body: {
      status: 'ready',
      checks: ['store', 'keys', 'short_key_times'].map((name) => ({ name, ok: true, detail })),
    },
  });
}, 30_000);

test('while the store is down the server is not ready to issue, and stays ready to serve the documents', async () => {
  const redis = await startRedis();
  endings.push(() => redis.stop());
  const keyFile = join(await mkdtemp(join(tmpdir(), 'sojourn-test-')), 'kek');
  await writeFile(keyFile, randomBytes(32).toString('base64url'), { mode: 0o600 });
  const server = await start({ store: redis.url, keys: { encryption_key: `file:${keyFile}` } });
  expect(await ask(`${server.issuer}/readyz`)).toEqual(ready);
  await redis.stop();
  await eventually(`${server.issuer}/readyz`, notReady);
  expect(await ask(`${server.issuer}/readyz/documents`)).toEqual(ready);
  expect((await ask(`${server.adminOrigin}/readyz/documents`)).status).toBe(200);
  expect((await ask(`${server.issuer}/jwks`)).status).toBe(200);
}, 30_000);

/** Zeroes the page where the table begins, and changes another page, so that the server reads both again. */
function damage(file: string, table: string): void {
  const database = new DatabaseSync(file);
  const { rootpage } = database.prepare('SELECT rootpage FROM sqlite_schema WHERE name = ?').get(table) as {
    rootpage: number;
  };
  const { page_size: size } = database.prepare('PRAGMA page_size').get() as { page_size: number };
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(size), 0, size, (rootpage - 1) * size);
  closeSync(handle);
  database.exec('UPDATE pulse SET beats = beats + 1');
  database.close();
}

test('a server whose database has a damaged page, so that it can issue nothing, is not ready and names the damage', async () => {
  const server = await start();
  const { client, connection } = await oneConnection(server);
  damage(join(server.folder, 'sojourn.db'), 'journal');
  expect(await askToken(server.issuer, withSecret(client, connection))).toMatchObject({ status: 503 });
  await eventually(`${server.issuer}/readyz`, notReady);
  expect(await ask(`${server.adminOrigin}/readyz`)).toEqual({
    status: 503,
    body: {
      status: 'not_ready',
      checks: expect.arrayContaining([
        {
          name: 'store',
          ok: false,
          detail: 'is damaged: database disk image is malformed; restore a backup',
        },
      ]),
    },
  });
  expect(await ask(`${server.issuer}/readyz/documents`)).toEqual(ready);
}, 30_000);

test('the probes for Kubernetes in docs/operations.md are answered by the public listener', async () => {
  const server = await start();
  const document = await readFile(join(import.meta.dirname, '../../../docs/operations.md'), 'utf8');
  const [, block = ''] = /```yml\n(startupProbe: .*?)```/s.exec(document) ?? [];
  const probes = parse(block) as Record<string, { httpGet: { path: string } }>;
  expect(Object.keys(probes)).toEqual(['startupProbe', 'readinessProbe', 'livenessProbe']);
  for (const { httpGet } of Object.values(probes))
    expect(await ask(server.issuer + httpGet.path)).toEqual(ready);
}, 30_000);
