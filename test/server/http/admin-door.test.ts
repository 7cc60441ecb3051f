import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { sendRaw, statusOf } from '../../support/raw-http.ts';
import { type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, newestLine, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
});
afterAll(() => server.close());

describe('the admin token', () => {
  const wrong: [string, string | undefined][] = [
    ['no token', undefined],
    ['another token', 'Bearer sja_0000000000000000000000000000000000000000000'],
    ['an empty token', 'Bearer '],
    ['another scheme', 'Basic YWRtaW46YWRtaW4='],
  ];
  const requests = [
    'GET /tenants',
    'POST /tenants',
    'POST /keys/rotate',
    'GET /openapi.json',
    'GET /nothing',
    'PUT /tenants',
    'GET ~/admin/v1',
    'GET ~/admin/v1/',
  ];

  test.each(wrong)(
    '%s is refused at every path under /admin/v1, existing or not',
    async (_title, authorization) => {
      const reason = authorization?.startsWith('Bearer s') ? 'invalid bearer token' : 'missing bearer token';
      for (const request of requests) {
        const answer = await ask(request, { headers: { authorization } });
        expect([request, answer.status, answer.body]).toEqual([
          request,
          401,
          {
            type: 'urn:sojourn:error:unauthorized',
            title: 'Unauthorized',
            status: 401,
            code: 'unauthorized',
            detail: 'The bearer token is missing, invalid or expired.',
            advice:
              'Send `Authorization: Bearer TOKEN`; for /v1, request a token with resource=urn:sojourn:api.',
            request_id: answer.headers.get('x-request-id'),
          },
        ]);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        expect(await newestLine(ask)).toEqual({
          event: 'admin.refused',
          outcome: 'refused',
          actor: 'unknown',
          source_ip: '127.0.0.1',
          reason,
        });
      }
    },
  );

  test('is not accepted if shortened, extended or in another case', async () => {
    const { adminToken } = server;
    for (const token of [adminToken.slice(0, -1), `${adminToken}x`, adminToken.toUpperCase()])
      expect((await ask('GET /tenants', { headers: { authorization: `Bearer ${token}` } })).status).toBe(401);
  });

  test('is not accepted in the query', async () => {
    const query = `?access_token=${server.adminToken}`;
    expect((await ask(`GET /tenants${query}`, { headers: { authorization: undefined } })).status).toBe(401);
    expect(server.logged()).not.toContain(server.adminToken);
  });

  test('is never logged, and a wrong token is not logged either', async () => {
    const guess = 'guess-that-somebody-made-at-the-admin-token';
    await ask('GET /tenants', { headers: { authorization: `Bearer ${guess}` } });
    expect(server.logged()).not.toContain(guess);
    expect((await ask('GET /audit?limit=200')).text).not.toContain(guess);
  });

  test('does not open the admin API on the public listener', async () => {
    for (const path of ['/admin/v1/tenants', '/healthz', '/metrics']) {
      const { status } = await fetch(server.issuer + path, {
        headers: { authorization: `Bearer ${server.adminToken}` },
      });
      expect([path, status]).toEqual([path, 404]);
    }
  });
});

describe('the admin listener', () => {
  const otherSpellings = [
    '/admin/v1/tenants/',
    '/admin/v1//tenants',
    '/admin/v1/Tenants',
    '/admin/v1/%74enants',
    '/Admin/v1/tenants',
    '/%61dmin/v1/tenants',
    '//admin/v1/tenants',
    '/x/../admin/v1/tenants',
    '/admin/v1;/tenants',
    '/healthz/',
    '/HEALTHZ',
    '/',
    '/admin',
    '/admin/v2/tenants',
  ];

  test.each(otherSpellings)('answers 404 to %s', async (path) => {
    const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${server.adminToken}\r\nConnection: close\r\n\r\n`;
    expect(statusOf(await sendRaw(server.adminOrigin, request))).toBe(404);
  });

  const methods: [string, string, string][] = [
    ['PUT /tenants', 'GET, HEAD, POST', 'PUT'],
    ['DELETE /tenants', 'GET, HEAD, POST', 'DELETE'],
    ['POST /connections/x', 'DELETE, GET, HEAD, PATCH', 'POST'],
    ['GET /keys/rotate', 'POST', 'GET'],
    ['OPTIONS /audit', 'GET, HEAD', 'OPTIONS'],
    ['POST ~/healthz', 'GET, HEAD', 'POST'],
  ];

  test.each(methods)('answers 405 to %s, with the allowed methods', async (request, allowed, method) => {
    const answer = await ask(request);
    expect({ status: answer.status, body: answer.body }).toEqual(
      problem(405, 'method_not_allowed', `This path does not serve ${method}.`),
    );
    expect(answer.headers.get('allow')?.split(', ').toSorted().join(', ')).toBe(allowed);
  });
});

describe('a body of the admin API', () => {
  const json = { 'content-type': 'application/json' };
  const tenant = (padding: number) => JSON.stringify({ name: 'x' }) + ' '.repeat(padding);
  const bad: [string, { text: string; headers: Record<string, string> }, number, string, string][] = [
    [
      'one of 17 KB',
      { text: tenant(17 * 1024), headers: json },
      413,
      'body_too_large',
      'The body is larger than 16 KB.',
    ],
    [
      'a compressed one',
      { text: tenant(0), headers: { ...json, 'content-encoding': 'gzip' } },
      415,
      'unsupported_media_type',
      'The body is compressed.',
    ],
    [
      'one that is no JSON',
      { text: '{"name":', headers: json },
      400,
      'invalid_request',
      'The body is not valid JSON.',
    ],
    [
      'a form',
      { text: 'name=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } },
      415,
      'unsupported_media_type',
      'The content type is not supported.',
    ],
    [
      'plain text that is JSON',
      { text: tenant(0), headers: { 'content-type': 'text/plain' } },
      415,
      'unsupported_media_type',
      'The content type is not supported.',
    ],
  ];

  test.each(bad)('is refused as %s, and changes nothing', async (_title, asked, status, code, detail) => {
    const before = (await ask('GET /tenants')).text;
    expect(await plain(ask('POST /tenants', asked))).toEqual(problem(status, code, detail));
    expect((await ask('GET /tenants')).text).toBe(before);
  });

  test('is accepted at exactly 16 KB', async () => {
    const text = tenant(0) + ' '.repeat(16 * 1024 - tenant(0).length);
    expect((await ask('POST /tenants', { text, headers: json })).status).toBe(201);
  });

  test('is refused by member name where none is expected', async () => {
    expect(await plain(ask('POST /keys/rotate', { body: { force: true } }))).toEqual(
      problem(400, 'invalid_request', 'force: is not known here'),
    );
    const { id } = (await ask('POST /tenants', { body: { name: 'kept' } })).body as { id: string };
    expect(await plain(ask(`DELETE /tenants/${id}`, { body: { really: true } }))).toEqual(
      problem(400, 'invalid_request', 'really: is not known here'),
    );
    expect((await ask(`GET /tenants/${id}`)).status).toBe(200);
  });

  test('is refused if nested without end, and the server keeps running', async () => {
    const text = `{"name":${'['.repeat(8_000)}${']'.repeat(8_000)}}`;
    expect((await ask('POST /tenants', { text, headers: json })).status).toBe(400);
    expect((await ask('GET ~/healthz')).status).toBe(200);
  });
});

describe('health checks and metrics', () => {
  const open = { headers: { authorization: undefined } };

  test('answer /healthz and /readyz without a token', async () => {
    expect(await plain(ask('GET ~/healthz', open))).toEqual({ status: 200, body: { status: 'ok' } });
    const { status, body } = await ask('GET ~/readyz', open);
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        status: 'ready',
        checks: [
          { name: 'store', ok: true, detail: 'reads and writes' },
          {
            name: 'keys',
            ok: true,
            detail: expect.stringMatching(/^signing with [RE]S256 \S+, [RE]S256 \S+$/),
          },
          { name: 'short_key_times', ok: true, detail: expect.stringContaining('Not for production') },
        ],
      },
    });
  });

  test('count requests in /metrics by path pattern, without ids', async () => {
    const { id } = (await ask('POST /tenants', { body: { name: 'counted' } })).body as { id: string };
    await ask(`GET /tenants/${id}`);
    await ask('GET /tenants/ten_nobody');
    await ask(`GET /nothing/${id}`);
    const { status, headers, text } = await ask('GET ~/metrics', open);
    expect({ status, type: headers.get('content-type') }).toEqual({
      status: 200,
      type: 'text/plain; version=0.0.4; charset=utf-8',
    });
    const pattern = 'listener="admin",route="/admin/v1/tenants/:id",method="GET"';
    expect(text).toContain(`sojourn_http_requests_total{${pattern},status="404"} 1\n`);
    expect(text).toContain(
      'sojourn_http_requests_total{listener="admin",route="other",method="GET",status="404"}',
    );
    expect(text).not.toContain(id);
  });
});

describe('a server during shutdown', () => {
  test('is alive but not ready, and finishes requests in progress', async () => {
    const going = await testServer();
    const asked = asking(going);
    const closed = going.close();
    const answer = await asked('GET ~/readyz');
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 503,
      body: {
        status: 'not_ready',
        checks: expect.arrayContaining([{ name: 'shutdown', ok: false, detail: 'shutting down' }]),
      },
    });
    expect(await plain(asked('GET ~/healthz'))).toEqual({ status: 200, body: { status: 'ok' } });
    await closed;
  });
});
