import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { clientSecret, createSojourn, type SojournOptions } from '../../../src/tools/sdk/index.ts';
import { apiToken, awsUntil, errorOf, noon, problem, type Script, script } from './arrange.ts';

const minute = 60_000;
const secret = 'sjs_never-in-an-error';
let server: Script;
let hour = noon;

beforeAll(async () => {
  server = await script();
});
afterAll(() => server.close());
beforeEach(() => {
  hour = noon;
  server.heard.length = 0;
  server.answers = { 'POST /token': [apiToken()], [credentialsPath]: [awsUntil(noon + 60 * minute)] };
});

const credentialsPath = 'GET /v1/connections/con_1/credentials';
const tokenPath = 'GET /v1/connections/con_1/token';
const client = (more: Partial<SojournOptions> = {}) =>
  createSojourn({
    issuer: server.origin,
    signIn: clientSecret({ clientId: 'cli_1', secret }),
    now: () => hour,
    ...more,
  });
const asked = () => server.heard.map(({ request }) => request);

const credentialsOf = (end: number, accessKeyId = 'ASIAEXAMPLE') => ({
  connection: 'con_1',
  cloud: 'aws',
  expiresAt: new Date(end),
  accessKeyId,
  secretAccessKey: 'secret-key',
  sessionToken: 'session',
});

describe('what is asked', () => {
  test('a client signs in once and then asks for credentials with its token', async () => {
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

  test('the purpose goes with the request, and what was given for another one is not used', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1', { purpose: 'nightly scan' });
    await sojourn.credentials('con_1', { purpose: 'nightly scan' });
    await sojourn.credentials('con_1', { purpose: 'repair' });
    expect(asked()).toEqual([
      'POST /token',
      `${credentialsPath}?purpose=nightly+scan`,
      `${credentialsPath}?purpose=repair`,
    ]);
  });

  test('a form of the server is handed on as it comes', async () => {
    server.answers[credentialsPath] = [{ body: "export A='b'\n" }];
    expect(await client().deliver('con_1', 'env')).toBe("export A='b'\n");
    expect(asked()).toEqual(['POST /token', `${credentialsPath}?format=env`]);
  });

  test('a cloud token is made for each moment, and concurrent callers share it', async () => {
    server.answers[tokenPath] = [apiToken('first'), apiToken('second')];
    const sojourn = client();
    const three = await Promise.all([1, 2, 3].map(() => sojourn.token('con_1')));
    expect(three).toEqual(Array(3).fill({ token: 'first', expiresAt: new Date(noon + 5 * minute) }));
    expect((await sojourn.token('con_1')).token).toBe('second');
    expect(asked()).toEqual(['POST /token', tokenPath, tokenPath]);
  });
});

describe('what is kept', () => {
  test('credentials are renewed five minutes before their end, and the API token one minute before its', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    hour = noon + 55 * minute - 1;
    await sojourn.credentials('con_1');
    expect(asked()).toEqual(['POST /token', credentialsPath]);
    hour += 1;
    server.answers[credentialsPath] = [awsUntil(hour + 60 * minute, 'ASIANEXT')];
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(hour + 60 * minute, 'ASIANEXT'));
    expect(asked()).toEqual(['POST /token', credentialsPath, 'POST /token', credentialsPath]);
  });

  test('credentials that come with little left are kept for half of it', async () => {
    server.answers[credentialsPath] = [awsUntil(noon + 4 * minute)];
    const sojourn = client();
    await sojourn.credentials('con_1');
    hour = noon + 2 * minute - 1;
    await sojourn.credentials('con_1');
    expect(asked()).toEqual(['POST /token', credentialsPath]);
    hour += 1;
    await sojourn.credentials('con_1');
    expect(asked()).toEqual(['POST /token', credentialsPath, credentialsPath]);
  });

  test('200 callers of one cold connection make one call', async () => {
    const sojourn = client();
    const all = await Promise.all(Array.from({ length: 200 }, () => sojourn.credentials('con_1')));
    expect(new Set(all).size).toBe(1);
    expect(asked()).toEqual(['POST /token', credentialsPath]);
  });

  test('while the server is down, credentials that still have life are served, and none that have not', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    hour = noon + 57 * minute;
    server.answers[credentialsPath] = [
      {
        ...problem(503, 'store_unavailable', 'The store does not answer.', 'Try again shortly.'),
        headers: { 'retry-after': '3600' },
      },
    ];
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    // Within the pause nobody knocks.
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(asked().filter((request) => request === credentialsPath)).toHaveLength(2);
    hour = noon + 59 * minute;
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'store_unavailable' });
  });

  test('a refusal is told at once, whatever is kept', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    hour = noon + 57 * minute;
    server.answers[credentialsPath] = [problem(409, 'connection_disabled', 'It is disabled.', 'Enable it.')];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'connection_disabled' });
  });

  test('what was refused is not handed out again, also while the server is down after that', async () => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    hour = noon + 57 * minute;
    server.answers[credentialsPath] = [problem(409, 'connection_disabled', 'It is disabled.', 'Enable it.')];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'connection_disabled' });
    const away = {
      ...problem(503, 'store_unavailable', 'It is away.', 'Wait.'),
      headers: { 'retry-after': '3600' },
    };
    server.answers[credentialsPath] = [away];
    expect(await errorOf(sojourn.credentials('con_1'))).toMatchObject({ code: 'store_unavailable' });
  });

  test.each([
    ['a page', credentialsPath, '<html>'],
    ['words like those of OAuth', credentialsPath, { error: 'not_found' }],
    ['a page in the place of a token', 'POST /token', '<html>'],
    ['words like those of OAuth in the place of a token', 'POST /token', { error: 'not_found' }],
    ['a word of OAuth alone', 'POST /token', { error: 'invalid_request' }],
  ])('a 404 of a gateway, %s, is no refusal of the server', async (_, place, body) => {
    const sojourn = client();
    await sojourn.credentials('con_1');
    hour = noon + 57 * minute;
    server.answers[place] = [{ status: 404, body }];
    expect(await errorOf(sojourn.credentials('con_1'))).toEqual({
      name: 'SojournRequestError',
      message:
        'The server answered 404. Check that the issuer is the address of a Sojourn server. (response_invalid)',
      code: 'response_invalid',
      detail: 'The server answered 404.',
      advice: 'Check that the issuer is the address of a Sojourn server.',
      status: 404,
      retryAfter: undefined,
      requestId: undefined,
    });
    const away = {
      ...problem(503, 'store_unavailable', 'It is away.', 'Wait.'),
      headers: { 'retry-after': '3600' },
    };
    server.answers[place] = [away];
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
  });

  test('a token that the server takes no more is replaced, once', async () => {
    const sojourn = client();
    const refused = problem(
      401,
      'unauthorized',
      'The bearer token is missing, wrong or expired.',
      'Send one.',
    );
    server.answers['POST /token'] = [apiToken('old'), apiToken('new')];
    server.answers[credentialsPath] = [refused, awsUntil(noon + 60 * minute)];
    await sojourn.credentials('con_1');
    expect(
      server.heard.map(({ headers }) => headers.authorization).filter((one) => one?.startsWith('Bearer')),
    ).toEqual(['Bearer old', 'Bearer new']);
    server.answers['GET /v1/connections/con_2/credentials'] = [refused];
    server.heard.length = 0;
    expect(await errorOf(sojourn.credentials('con_2'))).toMatchObject({ code: 'unauthorized' });
    expect(asked()).toHaveLength(3);
  });
});

describe('what fails', () => {
  test('a problem is told with its sentence and its advice, and not asked again', async () => {
    server.answers[credentialsPath] = [
      problem(
        404,
        'connection_not_found',
        'There is no such connection for this client.',
        'Check the connection id.',
      ),
    ];
    expect(await errorOf(client().credentials('con_1'))).toEqual({
      name: 'SojournRequestError',
      message:
        'There is no such connection for this client. Check the connection id. (connection_not_found, request req_1)',
      code: 'connection_not_found',
      detail: 'There is no such connection for this client.',
      advice: 'Check the connection id.',
      status: 404,
      retryAfter: undefined,
      requestId: 'req_1',
    });
    expect(asked()).toEqual(['POST /token', credentialsPath]);
  });

  test('what /token says in the form of OAuth is taken apart', async () => {
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

  test('a refusal of the cloud is not asked again, though it is a 502; a 502 of a proxy is', async () => {
    server.answers[credentialsPath] = [
      problem(502, 'cloud_trust_refused', 'The trust does not fit.', 'Apply it.'),
    ];
    expect(await errorOf(client().credentials('con_1'))).toMatchObject({ code: 'cloud_trust_refused' });
    expect(asked()).toHaveLength(2);
    server.answers[credentialsPath] = [{ status: 502, body: '<html>' }, awsUntil(noon + 60 * minute)];
    expect(await client().credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
  });

  test.each([
    ['a fault of the server', { status: 500, body: '<html>' }],
    ['a cut connection', { instead: 'cut' }],
    ['a limit', { status: 429, headers: { 'retry-after': '1' }, body: '{}' }],
  ] as const)('%s is asked again', async (_, said) => {
    server.answers[credentialsPath] = [said, awsUntil(noon + 60 * minute)];
    expect(await client().credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(asked()).toEqual(['POST /token', credentialsPath, credentialsPath]);
  });

  test('a Retry-After beyond what a caller waits ends the tries, and is told', async () => {
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
    expect(asked()).toEqual(['POST /token']);
  });

  test('a server that is not there is named after four tries', async () => {
    const gone = await script();
    await gone.close();
    const error = await errorOf(client({ issuer: gone.origin }).credentials('con_1'));
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `No server answers at ${gone.origin} (ECONNREFUSED). Check the issuer, the network, and that the server runs. (unreachable)`,
    });
  });

  test.each([
    ['a page', { body: '<html>' }],
    ['a redirect', { status: 302, headers: { location: 'https://elsewhere.example' }, body: '' }],
    [
      'credentials without a key',
      { body: { connection: 'con_1', cloud: 'aws', expires_at: '2026-11-25T13:00:00Z' } },
    ],
    ['credentials without an end', { body: { ...awsUntil(noon).body, expires_at: 'soon' } }],
    ['a body without end', { body: 'x'.repeat(1024 * 1024 + 1) }],
  ])('%s is no answer of a server of ours', async (_, said) => {
    server.answers[credentialsPath] = [said];
    const error = await errorOf(client().credentials('con_1'));
    expect(error).toMatchObject({
      code: 'response_invalid',
      advice: 'Check that the issuer is the address of a Sojourn server.',
    });
    expect(asked()).toHaveLength(2);
  });

  test.each([
    'http://id.example.com',
    'id.example.com',
    'https://u:p@id.example.com',
    'https://id.example.com?a',
  ])('the issuer %s gets no secret', (issuer) => {
    expect(() => client({ issuer })).toThrow(
      'The issuer is no https URL such as https://id.example.com. Give the `issuer` of the server; plain http is for this machine alone. (invalid_argument)',
    );
  });

  test.each(['', '..', 'con_1/../../admin', 'a?b', `ey${'x'.repeat(100)}.y.z`])(
    '%j is no connection, and is not repeated',
    async (id) => {
      expect(await errorOf(client().credentials(id))).toMatchObject({
        message:
          'That is no id of a connection. Give the id, which begins with con_ (`sojourn connection list`). (invalid_argument)',
      });
      expect(asked()).toEqual([]);
    },
  );
});

describe('who gives up', () => {
  const reason = new Error('enough');

  test('stops waiting at once, and the others get theirs', async () => {
    const sojourn = client();
    const ending = new AbortController();
    const first = sojourn.credentials('con_1', { signal: ending.signal });
    const second = sojourn.credentials('con_1');
    ending.abort(reason);
    await expect(first).rejects.toBe(reason);
    expect(await second).toEqual(credentialsOf(noon + 60 * minute));
    expect(asked()).toEqual(['POST /token', credentialsPath]);
  });

  test('ends the call when nobody else waits, and who comes later gets a call of their own', async () => {
    server.answers[credentialsPath] = [{ instead: 'silence' }, awsUntil(noon + 60 * minute)];
    const sojourn = client();
    const ending = new AbortController();
    const waiting = sojourn.credentials('con_1', { signal: ending.signal });
    while (!asked().includes(credentialsPath)) await new Promise((resolve) => setImmediate(resolve));
    ending.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(await sojourn.credentials('con_1')).toEqual(credentialsOf(noon + 60 * minute));
    expect(asked()).toEqual(['POST /token', credentialsPath, credentialsPath]);
  });

  test('before the call asks nothing', async () => {
    const signal = AbortSignal.abort(reason);
    await expect(client().credentials('con_1', { signal })).rejects.toBe(reason);
    await expect(client({ signal }).token('con_1')).rejects.toBe(reason);
    await expect(client({ signal }).deliver('con_1', 'env')).rejects.toBe(reason);
    expect(asked()).toEqual([]);
  });

  test('as a whole client ends everything under way', async () => {
    server.answers[credentialsPath] = [{ instead: 'silence' }];
    const ending = new AbortController();
    const sojourn = client({ signal: ending.signal });
    const all = [sojourn.credentials('con_1'), sojourn.credentials('con_1'), sojourn.deliver('con_1', 'env')];
    while (asked().length < 3) await new Promise((resolve) => setImmediate(resolve));
    ending.abort(reason);
    for (const one of all) await expect(one).rejects.toBe(reason);
  });
});

test('no error holds the secret or the token, whatever a fetch of somebody else says', async () => {
  server.answers['POST /token'] = [apiToken('api-token-of-the-client')];
  server.answers[credentialsPath] = [{ status: 400, body: { echo: 'api-token-of-the-client' } }];
  const spiteful: typeof fetch = async (_, init) => {
    throw Object.assign(new Error(JSON.stringify(init)), { code: JSON.stringify(init) });
  };
  const errors = [
    await errorOf(client().credentials('con_1')),
    await errorOf(client({ fetch: spiteful, signal: AbortSignal.timeout(5_000) }).credentials('con_1')),
  ];
  expect(errors.map(({ code }) => code)).toEqual(['response_invalid', 'unreachable']);
  expect(JSON.stringify(errors)).not.toMatch(/never-in-an-error|api-token|Basic|Bearer/);
});
