/** The holes of the bare engine (each one shown on it first), closed here. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../../src/sandbox/demo/http.ts';
import { type AssertionKey, assertionKey, withAssertion } from '../../support/assertions.ts';
import { type BareEngine, bareEngine } from '../../support/bare-engine.ts';
import { bodyOf, sendRaw, statusOf } from '../../support/raw-http.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';

let key: AssertionKey;
let bare: BareEngine;
let server: TestServer;
let client: TestClient;
let keyed: { client_id: string };
let connection: { id: string };

const invalidClient = {
  status: 401,
  body: {
    error: 'invalid_client',
    error_description:
      'Client authentication failed. Check the client id and the secret or key of the client; the audit log of the server has the reason.',
  },
};

beforeAll(async () => {
  key = await assertionKey();
  bare = await bareEngine(key.jwk);
  server = await testServer();
  ({ client, connection } = await oneConnection(server));
  keyed = await server.admin.post('/clients', {
    name: 'keyed',
    auth: { method: 'private_key_jwt', jwks: { keys: [key.jwk] } },
    may_use: [{ connection: connection.id }],
  });
});

afterAll(async () => {
  await bare.close();
  await server.close();
});

describe('the Host header, forwarded headers and the request line', () => {
  const path = '/.well-known/openid-configuration';
  const forgeries: Record<string, string> = {
    'a foreign Host': `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    'X-Forwarded-Host': `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`,
    'an absolute-form request line': `GET http://evil.example${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    'two Hosts': `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  };

  test.each(Object.keys(forgeries))('%s never changes the discovery document', async (name) => {
    const honest = (await call({ url: server.issuer + path })).body;
    const answer = await sendRaw(server.issuer, forgeries[name] ?? '');
    if (statusOf(answer) === 200) expect(bodyOf(answer)).toBe(honest);
    else expect([400, 404]).toContain(statusOf(answer));
    expect(answer).not.toContain('evil.example');
  });

  test('a foreign Host changes the document of the bare engine', async () => {
    expect(await sendRaw(bare.issuer, forgeries['a foreign Host'] ?? '')).toContain('evil.example');
  });

  test('an assertion made for another server is refused, whatever Host comes with it', async () => {
    const forOther = (id: string) => key.sign(id, 'https://other.example/token');
    const post = async (origin: string, assertion: string) => {
      const body = new URLSearchParams(withAssertion(assertion)).toString();
      return sendRaw(
        origin,
        `POST /token HTTP/1.1\r\nHost: other.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
    };
    expect(statusOf(await post(bare.issuer, await forOther('with-key')))).toBe(200);
    const answer = await post(server.issuer, await forOther(keyed.client_id));
    expect(statusOf(answer)).toBe(401);
    expect(JSON.parse(bodyOf(answer))).toEqual(invalidClient.body);
  });
});

describe('client assertions', () => {
  const year2100 = 4_102_444_800;
  const now = () => Math.floor(Date.now() / 1000);

  test('one that is good is accepted', async () => {
    const { status, body } = await askToken(
      server.issuer,
      withAssertion(await key.sign(keyed.client_id, server.issuer)),
    );
    expect({ status, body }).toEqual({
      status: 200,
      body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
    });
  });

  test('the bare engine takes one that ends in 2100, and one from the future', async () => {
    expect(
      (await askToken(bare.issuer, withAssertion(await key.sign('with-key', bare.issuer, { exp: year2100 }))))
        .status,
    ).toBe(200);
    expect(
      (
        await askToken(
          bare.issuer,
          withAssertion(await key.sign('with-key', bare.issuer, { iat: now() + 3600 })),
        )
      ).status,
    ).toBe(200);
  });

  test('of 50 assertions posted 10 times each at once, exactly 50 are accepted', async () => {
    const posts = async (issuer: string, clientId: string) => {
      const assertions = await Promise.all(Array.from({ length: 50 }, () => key.sign(clientId, issuer)));
      const answers = await Promise.all(
        assertions.flatMap((one) => Array.from({ length: 10 }, () => askToken(issuer, withAssertion(one)))),
      );
      return answers.filter(({ status }) => status === 200).length;
    };
    expect(await posts(bare.issuer, 'with-key')).toBeGreaterThan(50);
    expect(await posts(server.issuer, keyed.client_id)).toBe(50);
  });
});

describe('the surface', () => {
  const needless = [
    '/auth',
    '/session/end',
    '/me',
    '/request',
    '/reg',
    '/device',
    '/token/introspection',
    '/token/revocation',
    '/interaction/x',
    '/',
    '/.well-known/oauth-authorization-server',
    '/.well-known/webfinger',
  ];

  test('the bare engine serves and advertises what nobody needs', async () => {
    expect((await call({ url: `${bare.issuer}/auth` })).status).not.toBe(404);
    const { body } = await call({ url: `${bare.issuer}/.well-known/openid-configuration` });
    expect(JSON.parse(body)).toHaveProperty('authorization_endpoint');
  });

  test.each(needless)('%s is not there', async (path) => {
    for (const method of ['GET', 'POST']) {
      const { status, body } = await call({
        method,
        url: server.issuer + path,
        ...(method === 'POST' ? { body: new URLSearchParams() } : {}),
      });
      expect({ status, code: (JSON.parse(body) as { code: string }).code }).toEqual({
        status: 404,
        code: 'not_found',
      });
    }
  });

  const spellings = [
    '//.well-known/openid-configuration',
    '/.well-known/openid-configuration/',
    '/.Well-Known/openid-configuration',
    '/.well-known%2fopenid-configuration',
    '/%2ewell-known/openid-configuration',
    '/.well-known/openid-configuration?',
    '/.well-known/openid-configuration?a=b',
    '/x/../.well-known/openid-configuration',
    '/jwks/',
    '/JWKS',
    '/jwks?x',
  ];

  test.each(spellings)('%s is no other spelling of a served path', async (path) => {
    const answer = await sendRaw(
      server.issuer,
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    );
    expect(statusOf(answer)).toBe(404);
  });
});

describe('an unknown client', () => {
  test('gets the answer of a known one with a wrong secret, byte for byte', async () => {
    const unknown = { client_id: 'cli_00000000000000000000000000', client_secret: client.client_secret };
    const wrong = { client_id: client.client_id, client_secret: `${client.client_secret}x` };
    const basic = (given: TestClient) => ({
      headers: {
        authorization: `Basic ${Buffer.from(`${given.client_id}:${given.client_secret}`).toString('base64')}`,
      },
    });
    for (const given of [unknown, wrong]) {
      expect(await askToken(server.issuer, withSecret(given, connection))).toEqual(invalidClient);
      expect(await askToken(server.issuer, { grant_type: 'client_credentials' }, basic(given))).toEqual(
        invalidClient,
      );
    }
  });

  test.each(['x', 'é', '\u0000', '\u007f', '😀', 'x'.repeat(5_000)])(
    'gets it also by an id that no client could have: %j',
    async (client_id) => {
      const unknown = { client_id, client_secret: client.client_secret };
      expect(await askToken(server.issuer, withSecret(unknown, connection))).toEqual(invalidClient);
    },
  );
});

describe('traps of the engine', () => {
  test('a token is never opaque: without a resource a client of several connections is refused', async () => {
    expect(
      (await askToken(bare.issuer, { grant_type: 'client_credentials', ...bare.secret })).body.access_token,
    ).not.toMatch(/\./);
    const other = await oneConnection(server);
    const both = await server.admin.post<TestClient>('/clients', {
      name: 'both',
      may_use: [{ connection: connection.id }, { connection: other.connection.id }],
    });
    expect(await askToken(server.issuer, withSecret(both))).toEqual({
      status: 400,
      body: {
        error: 'invalid_target',
        error_description:
          'The parameter resource is missing. Name the connection: resource=urn:sojourn:connection:ID. Only a client with exactly one connection may omit it.',
      },
    });
  });

  test('slow headers are cut after 10 s and a slow body after 15 s', async () => {
    const begun = performance.now();
    const [headers, body] = await Promise.all([
      sendRaw(server.issuer, 'GET /jwks HTTP/1.1\r\nHost: a', 25_000).then(() => performance.now() - begun),
      sendRaw(
        server.issuer,
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ng',
        25_000,
      ).then(() => performance.now() - begun),
    ]);
    // Node's own limits, 60 s and 300 s, would let both run into the 25 s of this test.
    expect(headers).toBeLessThan(22_000);
    expect(body).toBeLessThan(22_000);
  }, 40_000);
});
