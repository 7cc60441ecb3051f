import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecret, createSojourn, type SojournOptions } from '../../../src/tools/sdk/index.ts';
import { apiToken, awsUntil, errorOf, noon, problem, type Script, script } from './arrange.ts';

const minute = 60_000;
const secret = 'sjs_never-in-an-error';
let server: Script;
let time = noon;

beforeAll(async () => {
  server = await script();
});
afterAll(() => server.close());
beforeEach(() => {
  time = noon;
  server.heard.length = 0;
  server.answers = { 'POST /token': [apiToken()], [credentialsPath]: [awsUntil(noon + 60 * minute)] };
});

const credentialsPath = 'GET /v1/connections/con_1/credentials';
const tokenPath = 'GET /v1/connections/con_1/token';
const client = (more: Partial<SojournOptions> = {}) =>
  createSojourn({
    issuer: server.origin,
    signIn: clientSecret({ clientId: 'cli_1', secret }),
    now: () => time,
    ...more,
  });
const requests = () => server.heard.map(({ request }) => request);

const credentialsOf = (end: number, accessKeyId = 'ASIAEXAMPLE') => ({
  connection: 'con_1',
  cloud: 'aws',
  expiresAt: new Date(end),
  accessKeyId,
  secretAccessKey: 'secret-key',
  sessionToken: 'session',
});

describe('requests of the client', () => {
  test('the client signs in once and requests credentials with its API token', async () => {
    expect(await client().credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(server.heard.map(({ request, headers, body }) => [request, headers.authorization, body])).toEqual([
      [
        'POST /token',
        `Basic ${Buffer.from(`cli_1:${secret}`).toString('base64')}`,
        'grant_type=client_credentials&resource=urn%3Asojourn%3Aapi',
      ],
      [credentialsPath, 'Bearer api-token', ''],
    ]);
  });

  test('the client sends the purpose and caches credentials for each purpose separately', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1', { purpose: 'nightly scan' });
    await sojourn.credentials('con_1', { purpose: 'nightly scan' });
    await sojourn.credentials('con_1', { purpose: 'repair' });
    expect(requests()).toEqual([
      'POST /token',
      `${credentialsPath}?purpose=nightly+scan`,
      `${credentialsPath}?purpose=repair`,
    ]);
  });

  test('formattedCredentials returns the server’s text unchanged', async () => {
    server.answers[credentialsPath] = [{ body: "export A='b'\n" }];
    expect(await client().formattedCredentials('con_1', 'env')).toBe("export A='b'\n");
    expect(requests()).toEqual(['POST /token', `${credentialsPath}?format=env`]);
  });

  test('token requests a new cloud token for each call, and concurrent callers share one', async () => {
    server.answers[tokenPath] = [apiToken('first'), apiToken('second')];
    const sojourn = client();
    const three = await Promise.all([1, 2, 3].map(() => sojourn.token('con_1')));
    expect(three).toEqual(Array(3).fill({ token: 'first', expiresAt: new Date(noon + 5 * minute) }));
    expect((await sojourn.token('con_1')).token).toBe('second');
    expect(requests()).toEqual(['POST /token', tokenPath, tokenPath]);
  });
});

describe('the cache of the client', () => {
  test('credentials are renewed five minutes before they expire, and the API token one minute before', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    time = noon + 55 * minute - 1;
    await sojourn.credentials('con_1');
    expect(requests()).toEqual(['POST /token', credentialsPath]);
    time += 1;
    server.answers[credentialsPath] = [awsUntil(time + 60 * minute, 'ASIANEXT')];
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(time + 60 * minute, 'ASIANEXT'));
    expect(requests()).toEqual(['POST /token', credentialsPath, 'POST /token', credentialsPath]);
  });

  test('credentials with little time left are cached for half of it', async () => {
    server.answers[credentialsPath] = [awsUntil(noon + 4 * minute)];
    const sojourn = client();
    await sojourn.credentials('con_1');
    time = noon + 2 * minute - 1;
    await sojourn.credentials('con_1');
    expect(requests()).toEqual(['POST /token', credentialsPath]);
    time += 1;
    await sojourn.credentials('con_1');
    expect(requests()).toEqual(['POST /token', credentialsPath, credentialsPath]);
  });

  test('200 concurrent callers of one connection make one request', async () => {
    const sojourn = client();
    const all = await Promise.all(Array.from({ length: 200 }, () => sojourn.credentials('con_1')));
    expect(new Set(all).size).toBe(1);
    expect(requests()).toEqual(['POST /token', credentialsPath]);
  });

  test('cached credentials are served while the server is down, until they are about to expire', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    time = noon + 57 * minute;
    server.answers[credentialsPath] = [
      {
        ...problem(503, 'store_unavailable', 'The store is unavailable.', 'Try again shortly.'),
        headers: { 'retry-after': '3600' },
      },
    ];
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    // No retry within the pause.
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(requests().filter((request) => request === credentialsPath)).toHaveLength(2);
    time = noon + 59 * minute;
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'store_unavailable' });
  });

  test('a refusal reaches the caller even if unexpired credentials are cached', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    time = noon + 57 * minute;
    server.answers[credentialsPath] = [problem(409, 'connection_disabled', 'It is disabled.', 'Enable it.')];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'connection_disabled' });
  });

  test('a refusal evicts the cached credentials, so that a later outage does not bring them back', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    time = noon + 57 * minute;
    server.answers[credentialsPath] = [problem(409, 'connection_disabled', 'It is disabled.', 'Enable it.')];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'connection_disabled' });
    const away = {
      ...problem(503, 'store_unavailable', 'It is away.', 'Wait.'),
      headers: { 'retry-after': '3600' },
    };
    server.answers[credentialsPath] = [away];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'store_unavailable' });
  });

  test('a client that was disabled gets no cached credentials of any connection', async () => {
    const sojourn = client();
    server.answers['GET /v1/connections/con_2/credentials'] = [awsUntil(noon + 720 * minute)];
    await sojourn.credentials('con_1');
    await sojourn.credentials('con_2');
    time = noon + 57 * minute;
    const refused = {
      status: 401,
      body: { error: 'invalid_client', error_description: 'Client authentication failed. Check it.' },
    };
    server.answers['POST /token'] = [refused];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'invalid_client' });
    expect(await errorOf(sojourn.credentials('con_2'))).toMatchObject({ code: 'invalid_client' });
  });

  test.each([
    ['with an HTML page for credentials', credentialsPath, '<html>'],
    ['with OAuth-like JSON for credentials', credentialsPath, { error: 'not_found' }],
    ['with an HTML page for a token', 'POST /token', '<html>'],
    ['with OAuth-like JSON for a token', 'POST /token', { error: 'not_found' }],
    ['with an OAuth code and no description', 'POST /token', { error: 'invalid_request' }],
  ])('a 404 of a gateway %s does not count as a refusal of the server', async (_, path, body) => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    time = noon + 57 * minute;
    server.answers[path] = [{ status: 404, body }];
    expect(await errorOf(sojourn.credentials('con_1'))).toEqual({
      name: 'SojournRequestError',
      message:
        'The server answered 404. Check that the issuer is the URL of a Sojourn server. (response_invalid)',
      code: 'response_invalid',
      detail: 'The server answered 404.',
      advice: 'Check that the issuer is the URL of a Sojourn server.',
      status: 404,
      retryAfter: undefined,
      requestId: undefined,
    });
    const away = {
      ...problem(503, 'store_unavailable', 'It is away.', 'Wait.'),
      headers: { 'retry-after': '3600' },
    };
    server.answers[path] = [away];
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
  });

  test('an API token that the server rejects is replaced once', async () => {
    const sojourn = client();
    const refused = problem(
      401,
      'unauthorized',
      'The bearer token is missing, invalid or expired.',
      'Send one.',
    );
    server.answers['POST /token'] = [apiToken('old'), apiToken('new')];
    server.answers[credentialsPath] = [refused, awsUntil(noon + 60 * minute)];
    await sojourn.credentials('con_1');
    expect(
      server.heard.map(({ headers }) => headers.authorization).filter((value) => value?.startsWith('Bearer')),
    ).toEqual(['Bearer old', 'Bearer new']);
    server.answers['GET /v1/connections/con_2/credentials'] = [refused];
    server.heard.length = 0;
    expect(await errorOf(sojourn.credentials('con_2'))).toMatchObject({ code: 'unauthorized' });
    expect(requests()).toHaveLength(3);
  });
});

describe('errors of the client', () => {
  test('a problem document becomes an error with detail and advice, without a retry', async () => {
    server.answers[credentialsPath] = [
      problem(
        404,
        'connection_not_found',
        'There is no such connection, or the client may not use it.',
        'Check the connection id.',
      ),
    ];
    expect(await errorOf(client().credentials('con_1'))).toEqual({
      name: 'SojournRequestError',
      message:
        'There is no such connection, or the client may not use it. Check the connection id. (connection_not_found, request req_1)',
      code: 'connection_not_found',
      detail: 'There is no such connection, or the client may not use it.',
      advice: 'Check the connection id.',
      status: 404,
      retryAfter: undefined,
      requestId: 'req_1',
    });
    expect(requests()).toEqual(['POST /token', credentialsPath]);
  });

  test('an OAuth error of /token is split into detail and advice', async () => {
    server.answers['POST /token'] = [
      {
        status: 401,
        body: {
          error: 'invalid_client',
          error_description:
            'Client authentication failed. Check the client id and its secret or key; see the log.',
        },
      },
    ];
    expect(await errorOf(client().credentials('con_1'))).toEqual({
      name: 'SojournRequestError',
      message:
        'Client authentication failed. Check the client id and its secret or key; see the log. (invalid_client)',
      code: 'invalid_client',
      detail: 'Client authentication failed.',
      advice: 'Check the client id and its secret or key; see the log.',
      status: 401,
      retryAfter: undefined,
      requestId: undefined,
    });
  });

  test('a 502 with a cloud_ code is not retried, and a 502 of a proxy is', async () => {
    server.answers[credentialsPath] = [
      problem(502, 'cloud_trust_refused', 'The trust does not fit.', 'Apply it.'),
    ];
    expect(await errorOf(client().credentials('con_1'))).toMatchObject({ code: 'cloud_trust_refused' });
    expect(requests()).toHaveLength(2);
    server.answers[credentialsPath] = [{ status: 502, body: '<html>' }, awsUntil(noon + 60 * minute)];
    expect(await client().credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
  });

  test.each([
    ['an internal error of the server', { status: 500, body: '<html>' }],
    ['a closed connection', { instead: 'cut' }],
    ['a rate limit', { status: 429, headers: { 'retry-after': '1' }, body: '{}' }],
  ] as const)('%s is retried', async (_, response) => {
    server.answers[credentialsPath] = [response, awsUntil(noon + 60 * minute)];
    expect(await client().credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(requests()).toEqual(['POST /token', credentialsPath, credentialsPath]);
  });

  test('a Retry-After beyond the total time ends the retries and is part of the error', async () => {
    server.answers['POST /token'] = [
      {
        status: 429,
        headers: { 'retry-after': '60' },
        body: { error: 'temporarily_unavailable', error_description: 'It is away. Wait.' },
      },
    ];
    expect(await errorOf(client().credentials('con_1'))).toMatchObject({
      code: 'temporarily_unavailable',
      status: 429,
      retryAfter: 60,
    });
    expect(requests()).toEqual(['POST /token']);
  });

  test('the error for an unreachable server names its origin after four attempts', async () => {
    const gone = await script();
    await gone.close();
    const error = await errorOf(client({ issuer: gone.origin }).credentials('con_1'));
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `No server answers at ${gone.origin} (ECONNREFUSED). Check the issuer and the network, and that the server is running. (unreachable)`,
    });
  });

  test.each([
    ['an HTML page', { body: '<html>' }],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example' }, body: '' }],
    [
      'JSON without credentials',
      { body: { connection: 'con_1', cloud: 'aws', expires_at: '2026-11-25T13:00:00Z' } },
    ],
    ['credentials without an expiry', { body: { ...awsUntil(noon).body, expires_at: 'soon' } }],
    ['a body over 1 MiB', { body: 'x'.repeat(1024 * 1024 + 1) }],
  ])('%s is an invalid response and is not retried', async (_, response) => {
    server.answers[credentialsPath] = [response];
    const error = await errorOf(client().credentials('con_1'));
    expect(error).toMatchObject({
      code: 'response_invalid',
      advice: 'Check that the issuer is the URL of a Sojourn server.',
    });
    expect(requests()).toHaveLength(2);
  });

  test.each([
    'http://id.example.com',
    'id.example.com',
    'https://u:p@id.example.com',
    'https://id.example.com?a',
  ])('createSojourn rejects the issuer %s', (issuer) => {
    expect(() => client({ issuer })).toThrow(
      'The issuer is not an https URL such as https://id.example.com. Use the `issuer` of the server; plain http is allowed only on loopback. (invalid_argument)',
    );
  });

  test.each(['', '..', 'con_1/../../admin', 'a?b', `ey${'x'.repeat(100)}.y.z`])(
    'the connection id %j is rejected, and the error does not repeat it',
    async (id) => {
      expect(await errorOf(client().credentials(id))).toMatchObject({
        message:
          'The argument is not a connection id. Use the id, which begins with con_ (`sojourn connection list`). (invalid_argument)',
      });
      expect(requests()).toEqual([]);
    },
  );
});

describe('a caller that aborts', () => {
  const reason = new Error('enough');

  test('stops waiting at once, and the other callers get their credentials', async () => {
    const sojourn = client();
    const controller = new AbortController();
    const first = sojourn.credentials('con_1', { signal: controller.signal });
    const second = sojourn.credentials('con_1');
    controller.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(await second).toEqual(credentialsOf(noon + 60 * minute));
    expect(requests()).toEqual(['POST /token', credentialsPath]);
  });

  test('aborts the request if no other caller waits, and a later caller starts a new one', async () => {
    server.answers[credentialsPath] = [{ instead: 'silence' }, awsUntil(noon + 60 * minute)];
    const sojourn = client();
    const controller = new AbortController();
    const waiting = sojourn.credentials('con_1', { signal: controller.signal });
    while (!requests().includes(credentialsPath)) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(requests()).toEqual(['POST /token', credentialsPath, credentialsPath]);
  });

  test('before the call causes no request', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(client().credentials('con_1', { signal })).rejects.toBe(reason);
    await expect(client({ signal }).token('con_1')).rejects.toBe(reason);
    await expect(client({ signal }).formattedCredentials('con_1', 'env')).rejects.toBe(reason);
    expect(requests()).toEqual([]);
  });

  test('through the client’s signal aborts all running calls', async () => {
    server.answers[credentialsPath] = [{ instead: 'silence' }];
    const controller = new AbortController();
    const sojourn = client({ signal: controller.signal });
    const all = [
      sojourn.credentials('con_1'),
      sojourn.credentials('con_1'),
      sojourn.formattedCredentials('con_1', 'env'),
    ];
    while (requests().length < 3) await new Promise((resolve) => setImmediate(resolve));
    controller.abort(reason);
    for (const call of all) await expect(call).rejects.toBe(reason);
  });
});

test('no error contains the secret or a token, even if a custom fetch throws them', async () => {
  server.answers['POST /token'] = [apiToken('api-token-of-the-client')];
  server.answers[credentialsPath] = [{ status: 400, body: { echo: 'api-token-of-the-client' } }];
  const leakyFetch: typeof fetch = async (_, init) => {
    throw Object.assign(new Error(JSON.stringify(init)), { code: JSON.stringify(init) });
  };
  const errors = [
    await errorOf(client().credentials('con_1')),
    await errorOf(client({ fetch: leakyFetch, signal: AbortSignal.timeout(5_000) }).credentials('con_1')),
  ];
  expect(errors.map(({ code }) => code)).toEqual(['response_invalid', 'unreachable']);
  expect(JSON.stringify(errors)).not.toMatch(/never-in-an-error|api-token|Basic|Bearer/);
});
