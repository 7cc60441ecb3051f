import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { call } from '../../../src/sandbox/demo/http.ts';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { type TestServer, testServer } from '../../support/server.ts';

let server: TestServer;
let folder: string;
let certificate: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-tls-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: '127.0.0.1' }], {
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  certificate = cert;
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  const port = await freePort();
  server = await testServer({
    port,
    config: { listen: { public: `127.0.0.1:${port}`, admin: '0.0.0.0:0', tls: files } },
  });
});
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
});

const at = (scheme: string) => `${scheme}://127.0.0.1:${new URL(server.adminOrigin).port}/healthz`;

test('an admin listener outside loopback uses TLS', async () => {
  const body = await new Promise<string>((resolve, reject) => {
    https
      .get(at('https'), { ca: certificate }, async (answer) => {
        let text = '';
        for await (const chunk of answer) text += String(chunk);
        resolve(text);
      })
      .once('error', reject);
  });
  expect(JSON.parse(body)).toEqual({ status: 'ok' });
});

test('an admin listener outside loopback accepts no token over plain http', async () => {
  await expect(call({ url: at('http') })).rejects.toThrow();
});

test.each(['the admin listener', 'the public listener'])(
  '%s tells browsers to use TLS only, without subdomains',
  async (name) => {
    const url =
      name === 'the admin listener' ? at('https') : `${server.issuer.replace('http:', 'https:')}/jwks`;
    const header = await new Promise((resolve, reject) => {
      https
        .get(url, { ca: certificate }, ({ headers }) => resolve(headers['strict-transport-security']))
        .once('error', reject);
    });
    expect(header).toBe('max-age=31536000');
  },
);

test('an admin listener on all addresses answers for the address of the connection, and for no other name', async () => {
  const status = (host: string) =>
    new Promise((resolve, reject) => {
      const headers = { host, authorization: `Bearer ${server.adminToken}` };
      const options = { ca: certificate, headers, servername: '', checkServerIdentity: () => undefined };
      https
        .get(at('https').replace('/healthz', '/admin/v1/tenants'), options, (answer) =>
          resolve(answer.statusCode),
        )
        .once('error', reject);
    });
  expect(await status('127.0.0.1')).toBe(200);
  expect(await status('evil.example')).toBe(403);
});
