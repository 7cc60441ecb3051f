/** Host, Origin and the request line: attacks by DNS rebinding, cross-site requests and smuggling. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { bodyOf, sendRaw, statusOf } from '../../support/raw-http.ts';
import { oneConnection, type TestServer, testServer } from '../../support/server.ts';
import { asking, newestLine } from './ask.ts';

let server: TestServer;
beforeAll(async () => {
  server = await testServer({ config: { admin: { hosts: ['Admin.example.com', '[2001:db8::1]'] } } });
});
afterAll(() => server.close());

const send = async (origin: string, path: string, headers: readonly string[], version = '1.1') => {
  const lines = [`GET ${path} HTTP/${version}`, ...headers, 'Connection: close', '', ''];
  const answer = await sendRaw(origin, lines.join('\r\n'));
  const body = bodyOf(answer);
  const { code } = (body.startsWith('{') ? JSON.parse(body) : {}) as { code?: string };
  return { status: statusOf(answer), code };
};

describe('a Host header', () => {
  const invalid: Record<string, readonly string[]> = {
    'twice, with the same value': ['Host: 127.0.0.1', 'Host: 127.0.0.1'],
    'twice, with another value': ['Host: 127.0.0.1', 'Host: evil.example'],
    'twice, with an expectation': ['Host: 127.0.0.1', 'Host: evil.example', 'Expect: any'],
    'twice, in another case': ['host: 127.0.0.1', 'HOST: evil.example'],
    empty: ['Host:'],
    'with user information': ['Host: evil.example@127.0.0.1'],
    'with a path': ['Host: 127.0.0.1/jwks'],
    'with a space': ['Host: 127.0.0.1 evil.example'],
    'with a list': ['Host: 127.0.0.1, evil.example'],
    'with a port that is no number': ['Host: 127.0.0.1:http'],
    'with a port that does not exist': ['Host: 127.0.0.1:65536'],
    'with a scheme': ['Host: http://127.0.0.1'],
    'with an invalid IPv6 address': ['Host: [::1::2]'],
    'with an open bracket': ['Host: [::1'],
    'with a raw #': ['Host: 127.0.0.1#evil.example'],
  };
  const paths = (): [string, string][] => [
    [server.issuer, '/jwks'],
    [server.issuer, '/.well-known/openid-configuration'],
    [server.issuer, '/nowhere'],
    [server.adminOrigin, '/healthz'],
    [server.adminOrigin, '/readyz'],
    [server.adminOrigin, '/metrics'],
    [server.adminOrigin, '/admin/v1/tenants'],
  ];

  test.each(Object.keys(invalid))('%s gets 400 at every path of both listeners', async (name) => {
    for (const [origin, path] of paths())
      expect([path, await send(origin, path, invalid[name] ?? [])]).toEqual([
        path,
        { status: 400, code: 'host_invalid' },
      ]);
  });

  test('that is missing gets 400 with HTTP/1.1, and is not needed with HTTP/1.0', async () => {
    expect((await send(server.issuer, '/jwks', [])).status).toBe(400);
    expect(await send(server.issuer, '/jwks', [], '1.0')).toEqual({ status: 200, code: undefined });
    expect((await send(server.adminOrigin, '/healthz', [], '1.0')).status).toBe(200);
  });

  test.each(['evil.example', '127.0.0.1:1', '[::1]:8080', 'a_b-c.example', 'LOCALHOST'])(
    '%s is accepted by the public listener and the health checks',
    async (host) => {
      for (const [origin, path] of paths().filter(([, each]) => !/nowhere|admin/.test(each)))
        expect([path, (await send(origin, path, [`Host: ${host}`])).status]).toEqual([path, 200]);
    },
  );
});

describe('the admin API', () => {
  const tenants = (headers: readonly string[]) =>
    send(server.adminOrigin, '/admin/v1/tenants', [`Authorization: Bearer ${server.adminToken}`, ...headers]);
  const refusedLine = (reason: string) => ({
    event: 'admin.refused',
    outcome: 'refused',
    actor: 'unknown',
    source_ip: '127.0.0.1',
    reason,
  });

  test.each([
    'localhost',
    'LocalHost:9',
    '127.0.0.1',
    '127.9.9.9:80',
    '[::1]:1',
    'admin.example.com:8081',
    '[2001:db8::1]',
  ])('answers for its own host %s', async (host) => {
    expect((await tenants([`Host: ${host}`])).status).toBe(200);
  });

  test.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'admin.example.com.evil.example',
    'localhost.',
    '2130706433',
    '0.0.0.0',
    '10.0.0.1',
    '[::2]',
  ])('refuses the host %s with 403, although the token is right', async (host) => {
    expect(await tenants([`Host: ${host}`])).toEqual({ status: 403, code: 'host_not_allowed' });
    expect(await newestLine(asking(server))).toEqual(refusedLine('host_not_allowed'));
  });

  test.each([
    ['of another site', 'Origin: https://evil.example'],
    ['of another port of this machine', 'Origin: http://127.0.0.1:3000'],
    ['with another scheme', 'Origin: https://127.0.0.1'],
    ['without an origin', 'Origin: null'],
    ['that the browser calls cross-site', 'Sec-Fetch-Site: cross-site'],
    ['that the browser calls same-site', 'Sec-Fetch-Site: same-site'],
  ])('refuses a request of a page %s with 403, although the token is right', async (_, header) => {
    expect(await tenants(['Host: 127.0.0.1', header])).toEqual({ status: 403, code: 'cross_origin_request' });
    expect(await newestLine(asking(server))).toEqual(refusedLine('cross_origin_request'));
  });

  test('refuses them without a token and for other methods too', async () => {
    const ask = asking(server);
    for (const headers of [{ origin: 'https://evil.example' }, { authorization: undefined, origin: 'null' }])
      for (const request of ['POST /tenants', 'DELETE /tenants/x', 'OPTIONS /tenants', 'GET /nothing'])
        expect((await ask(request, { headers })).status).toBe(403);
  });

  test('answers a page of its own origin', async () => {
    const same = ['Host: 127.0.0.1:8081', 'Origin: http://127.0.0.1:8081', 'Sec-Fetch-Site: same-origin'];
    expect((await tenants(same)).status).toBe(200);
    expect((await tenants(['Host: 127.0.0.1', 'Sec-Fetch-Site: none'])).status).toBe(200);
  });

  test.each(['/admin/v1/tenants#x', 'http://127.0.0.1/admin/v1/tenants', '/healthz#'])(
    'answers 404 to %s, which is no second spelling of a path',
    async (path) => {
      const headers = ['Host: 127.0.0.1', `Authorization: Bearer ${server.adminToken}`];
      expect((await send(server.adminOrigin, path, headers)).status).toBe(404);
    },
  );
});

test('plain HTTP has no Strict-Transport-Security', async () => {
  for (const url of [`${server.issuer}/jwks`, `${server.adminOrigin}/healthz`])
    expect((await fetch(url)).headers.get('strict-transport-security')).toBeNull();
});

test.each(['/jwks\f', '/jwks\xa0', '/jwks\t', '/jwks"', '/jwks\\'])(
  'a request target with a character that no URI has, %j, is no second spelling of a path',
  async (path) => {
    expect([400, 404]).toContain((await send(server.issuer, path, ['Host: 127.0.0.1'])).status);
  },
);

test.each([
  ['Transfer-Encoding: chunked', 'no chunk\r\n'],
  ['Transfer-Encoding: chunked', `1;${'x'.repeat(20_000)}\r\n`],
])('a caller that sends %s and an invalid body writes no error to the log', async (header, body) => {
  const head = ['POST /token HTTP/1.1', 'Host: a', 'Content-Type: application/x-www-form-urlencoded', header];
  const before = server.logged().length;
  const answer = await sendRaw(server.issuer, [...head, '', body].join('\r\n'));
  expect(statusOf(answer)).toBeGreaterThanOrEqual(400);
  expect(server.logged().slice(before)).not.toContain('"level":"error"');
});

test('a customer who closes the live status writes no error to the log', async () => {
  const { connection } = await oneConnection(server);
  const { url } = await server.admin.post<{ url: string }>(`/connections/${connection.id}/invitations`, {});
  const before = server.logged().length;
  const leave = new AbortController();
  const { body } = await fetch(`${url}/events`, { signal: leave.signal });
  await body?.getReader().read();
  leave.abort();
  const finished = /sojourn_http_requests_total\{[^}]*\/events"/;
  while (!finished.test(await (await fetch(`${server.adminOrigin}/metrics`)).text()));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.logged().slice(before)).not.toContain('"level":"error"');
});
