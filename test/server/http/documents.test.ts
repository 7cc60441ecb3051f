/** Discovery and JWKS as any caller gets them: fixed bytes, and nothing that a request contains changes them. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { oneConnection, type TestServer, testServer } from '../../support/server.ts';

let server: TestServer;
let paths: string[];
beforeAll(async () => {
  server = await testServer();
  const { issuer } = await server.admin.post<{ issuer: string }>('/tenants', {
    name: 'Acme',
    own_issuer: true,
    own_keys: true,
  });
  const own = new URL(issuer).pathname;
  paths = ['', own].flatMap((base) => [`${base}/jwks`, `${base}/.well-known/openid-configuration`]);
}, 60_000);
afterAll(() => server.close());

interface Answer {
  readonly status: number | undefined;
  readonly headers: Record<string, unknown>;
  readonly body: string;
}

function ask(path: string, options: { method?: string; headers?: Record<string, string> } = {}) {
  return new Promise<Answer>((resolve, reject) => {
    request(server.issuer + path, options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      response.on('end', () => {
        const { date, connection, 'keep-alive': _, ...headers } = response.headers;
        resolve({ status: response.statusCode, headers, body });
      });
    })
      .on('error', reject)
      .end();
  });
}

const secured = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

test('each document has exactly these headers, and its bytes do not depend on query, origin or cookies', async () => {
  for (const path of paths) {
    const plain = await ask(path);
    expect(plain).toEqual({
      status: 200,
      headers: {
        ...secured,
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(plain.body)),
        'cache-control': 'public, max-age=0, stale-if-error=86400',
        'access-control-allow-origin': '*',
        etag: expect.stringMatching(/^"[\w-]{43}"$/),
      },
      body: expect.stringMatching(/^\{.*\}$/),
    });
    for (const query of ['?', '?a=b', '?client_id=x&client_secret=y', '?/jwks', `?${'x'.repeat(4_000)}`])
      expect(await ask(path + query)).toEqual(plain);
    const headers = { origin: 'https://evil.example', cookie: 'a=b', 'x-forwarded-host': 'evil.example' };
    expect(await ask(path, { headers })).toEqual(plain);
    expect(await ask(path, { headers: { 'if-none-match': '"x", W/"y"' } })).toEqual(plain);
    expect(await ask(path, { method: 'HEAD' })).toEqual({ ...plain, body: '' });
  }
});

test('a caller that has the current document gets 304 without a body', async () => {
  for (const path of paths) {
    const { headers } = await ask(path);
    const { 'content-type': _, 'content-length': __, ...kept } = headers;
    const tag = String(headers.etag);
    for (const method of ['GET', 'HEAD'])
      for (const tags of [tag, `W/${tag}`, `"x", ${tag}`, `"x",W/${tag} , "y"`, '*'])
        expect(await ask(`${path}?x`, { method, headers: { 'if-none-match': tags } })).toEqual({
          status: 304,
          headers: kept,
          body: '',
        });
  }
});

test('other methods get 405 and the list of methods', async () => {
  for (const path of paths)
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const { status, headers } = await ask(path, { method });
      expect([path, method, status, headers.allow]).toEqual([path, method, 405, 'HEAD, GET']);
    }
});

describe('pages of other origins', () => {
  test('may read nothing else', async () => {
    const { connection } = await oneConnection(server);
    const headers = { origin: 'https://evil.example' };
    const others = ['/token', `/v1/connections/${connection.id}/token`, '/nowhere', '/connect/x', '/jwks/'];
    for (const path of [...others, '/t/ten_00000000000000000000000000/jwks'])
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const answer = await ask(path, { method, headers });
        expect([path, answer.headers['access-control-allow-origin']]).toEqual([path, undefined]);
      }
  });
});

test('requests for documents are in the metrics by route, and those for others too', async () => {
  for (const path of paths) await ask(path);
  await ask('/t/ten_00000000000000000000000000/jwks');
  const text = await (await fetch(`${server.adminOrigin}/metrics`)).text();
  for (const route of ['/jwks', '/t/:tenant/jwks', '/t/:tenant/.well-known/openid-configuration'])
    expect(text).toContain(
      `sojourn_http_requests_total{listener="public",route="${route}",method="GET",status="200"}`,
    );
  expect(text).toContain(
    'sojourn_http_requests_total{listener="public",route="/t/:tenant/jwks",method="GET",status="404"}',
  );
});
