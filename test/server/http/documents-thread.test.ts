/** The listener of `listen.documents`: what it serves, and that nothing which happens on the main thread stops it. */
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { bodyOf, sendRaw, statusOf } from '../../support/raw-http.ts';
import { oneConnection, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { until } from '../../tokens/publishing/bench.ts';

let server: TestServer;
let origin: string;
let paths: string[];
beforeAll(async () => {
  const port = await freePort();
  const listen = { public: `127.0.0.1:${port}`, admin: '127.0.0.1:0', documents: '127.0.0.1:0' };
  server = await testServer({ port, config: { listen } });
  origin = server.documentsOrigin ?? '';
  const { issuer } = await server.admin.post<{ issuer: string }>('/tenants', {
    name: 'Acme',
    own_issuer: true,
    own_keys: true,
  });
  paths = ['', new URL(issuer).pathname].flatMap((base) => [
    `${base}/jwks`,
    `${base}/.well-known/openid-configuration`,
  ]);
}, 60_000);
afterAll(() => server.close());

const ask = async (url: string, init: RequestInit = {}) => {
  const response = await fetch(url, init);
  const { date, ...headers } = Object.fromEntries(response.headers);
  return { status: response.status, headers, body: await response.text() };
};

test('serves the documents of every issuer exactly as the public listener does', async () => {
  for (const path of paths) {
    const document = await ask(server.issuer + path);
    expect(document.status).toBe(200);
    expect(await ask(origin + path)).toEqual(document);
    expect(await ask(`${origin}${path}?x`)).toEqual(document);
    const init = { headers: { 'if-none-match': document.headers.etag ?? '' } };
    expect(await ask(origin + path, init)).toEqual(await ask(server.issuer + path, init));
  }
});

test('counts its requests in the metrics by route', async () => {
  const counted = async () => {
    const text = await (await fetch(`${server.adminOrigin}/metrics`)).text();
    const line =
      /^sojourn_http_requests_total\{listener="documents",route="\/t\/:tenant\/jwks",method="HEAD",status="200"\} (\d+)$/m;
    return Number(line.exec(text)?.[1] ?? 0);
  };
  for (let n = 0; n < 3; n++) await ask(origin + (paths[2] ?? ''), { method: 'HEAD' });
  await until(async () => (await counted()) === 3);
  expect(await counted()).toBe(3);
});

test('serves nothing else', async () => {
  const { client, connection } = await oneConnection(server);
  const body = new URLSearchParams(withSecret(client, connection));
  expect((await ask(`${origin}/token`, { method: 'POST', body })).status).toBe(404);
  const others = ['/', '/admin/v1/tenants', '/healthz', '/metrics', '/jwks/', '//jwks'];
  for (const path of [...others, '/t/ten_00000000000000000000000000/jwks', '/x/jwks'])
    expect({ path, ...(await ask(origin + path)) }).toMatchObject({ path, status: 404, body: '' });
  expect(await ask(`${origin}/jwks?x`, { method: 'POST', body })).toMatchObject({
    status: 405,
    headers: { allow: 'HEAD, GET' },
  });
});

/** An empty body as a chunked response has it (RFC 9112 section 7.1). */
const emptyChunked = '0\r\n\r\n';

test.each([
  ['two Host lines', 'Host: a.example\r\nHost: b.example\r\n'],
  ['a Host with a path', 'Host: a.example/x\r\n'],
  ['no Host', ''],
])('answers 400 without a body to %s, for a document and for any other path', async (_title, hosts) => {
  for (const path of ['/jwks', '/']) {
    const answer = await sendRaw(origin, `GET ${path} HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`);
    expect({ status: statusOf(answer), body: bodyOf(answer) }).toEqual({ status: 400, body: emptyChunked });
  }
});

test('serves a new key as soon as the public listener does', async () => {
  const jwks = async (base: string) => (await ask(`${base}/jwks`)).body;
  const before = await jwks(server.issuer);
  // The next key of a new ring may sign only after a while.
  await until(() =>
    server.admin.post('/keys/rotate', { override: true }).then(
      () => true,
      (error: Error) => {
        if (error.message.includes('key_not_ready')) return false;
        throw error;
      },
    ),
  );
  await until(async () => (await jwks(server.issuer)) !== before);
  await until(async () => (await jwks(origin)) !== before);
  expect(JSON.parse(await jwks(origin))).toEqual(JSON.parse(await jwks(server.issuer)));
}, 60_000);

test('answers while the main thread is blocked, also for the issuers of tenants', async () => {
  for (const path of paths) await ask(origin + path);
  const shared = new Int32Array(new SharedArrayBuffer(4));
  // 1 for each document that it reads; then it wakes the main thread.
  const reader = `
    const { workerData: { origin, paths, shared } } = require('node:worker_threads');
    Promise.all(paths.map(async (path) => {
      const response = await fetch(origin + path, { headers: { connection: 'close' } });
      await response.text();
      if (response.status === 200 && Atomics.add(shared, 0, 1) === paths.length - 1) Atomics.notify(shared, 0);
    }));`;
  const worker = new Worker(reader, { eval: true, workerData: { origin, paths, shared } });
  await new Promise((resolve) => worker.once('online', resolve));
  // Blocks this thread, which is the server's main thread.
  for (let read = 0; read < paths.length; read = Atomics.load(shared, 0))
    if (Atomics.wait(shared, 0, read, 20_000) === 'timed-out') break;
  expect(Atomics.load(shared, 0)).toBe(paths.length);
  await worker.terminate();
}, 60_000);
