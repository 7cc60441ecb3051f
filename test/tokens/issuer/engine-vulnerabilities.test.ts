/** Vulnerabilities of oidc-provider without our checks. Each is shown on the bare engine first. */
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

describe('forged host names', () => {
  const path = '/.well-known/openid-configuration';
  const forgeries: Record<string, string> = {
    'another Host': `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    'X-Forwarded-Host': `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n`,
    'an absolute-form request line': `GET http://evil.example${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
    'two Hosts': `GET ${path} HTTP/1.1\r\nHost: evil.example\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
  };

  test.each(Object.keys(forgeries))(
    '%s: the discovery document of the server does not change',
    async (name) => {
      const honest = (await call({ url: server.issuer + path })).body;
      const answer = await sendRaw(server.issuer, forgeries[name] ?? '');
      if (statusOf(answer) === 200) expect(bodyOf(answer)).toBe(honest);
      else expect([400, 404]).toContain(statusOf(answer));
      expect(answer).not.toContain('evil.example');
    },
  );

  test('another Host changes the discovery document of the bare engine', async () => {
    expect(await sendRaw(bare.issuer, forgeries['another Host'] ?? '')).toContain('evil.example');
  });

  test('the token endpoint refuses an assertion for another server, even if the Host header names that server', async () => {
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

describe('a request with an Origin header', () => {
  const post = (headers: Record<string, string>) =>
    fetch(`${server.issuer}/token`, {
      method: 'POST',
      headers,
      body: new URLSearchParams(withSecret(client, connection)),
    });

  test('gets its token, but no page of another origin may read it', async () => {
    for (const headers of [{ origin: 'https://evil.example' }, {}] as Record<string, string>[]) {
      const response = await post(headers);
      expect(response.status).toBe(200);
      const cors = [...response.headers.keys()].filter((name) => name.startsWith('access-control-'));
      expect(cors).toEqual([]);
    }
  });

  test('gets the same refusal, without permission for another origin', async () => {
    const response = await post({ origin: 'https://evil.example', authorization: 'Basic x' });
    expect(response.status).toBe(400);
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('client assertions', () => {
  const year2100 = 4_102_444_800;
  const now = () => Math.floor(Date.now() / 1000);

  test('the token endpoint accepts a valid assertion', async () => {
    const { status, body } = await askToken(
      server.issuer,
      withAssertion(await key.sign(keyed.client_id, server.issuer)),
    );
    expect({ status, body }).toEqual({
      status: 200,
      body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
    });
  });

  test('the bare engine accepts an assertion that expires in 2100, and one with an iat in the future', async () => {
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

  test('the token endpoint accepts 50 assertions, each posted 10 times at once, exactly 50 times', async () => {
    const posts = async (issuer: string, clientId: string) => {
      const assertions = await Promise.all(Array.from({ length: 50 }, () => key.sign(clientId, issuer)));
      const answers = await Promise.all(
        assertions.flatMap((assertion) =>
          Array.from({ length: 10 }, () => askToken(issuer, withAssertion(assertion))),
        ),
      );
      return answers.filter(({ status }) => status === 200).length;
    };
    expect(await posts(bare.issuer, 'with-key')).toBeGreaterThan(50);
    expect(await posts(server.issuer, keyed.client_id)).toBe(50);
  });
});

describe('the public endpoints', () => {
  const unneeded = [
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

  test('the bare engine serves and advertises endpoints that Sojourn does not need', async () => {
    expect((await call({ url: `${bare.issuer}/auth` })).status).not.toBe(404);
    const { body } = await call({ url: `${bare.issuer}/.well-known/openid-configuration` });
    expect(JSON.parse(body)).toHaveProperty('authorization_endpoint');
  });

  test.each(unneeded)('the server answers 404 for %s', async (path) => {
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
    '/x/../.well-known/openid-configuration',
    '/jwks/',
    '/JWKS',
    '/jwks#x',
    '/jwks#',
    'http://127.0.0.1/jwks',
    '*',
  ];

  test.each(spellings)(
    'the server answers 404 for %s, another spelling of a path that it serves',
    async (path) => {
      const answer = await sendRaw(
        server.issuer,
        `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`,
      );
      expect(statusOf(answer)).toBe(404);
    },
  );
});

describe('an unknown client', () => {
  test('gets the same answer as a known client with a wrong secret', async () => {
    const unknown = { client_id: 'cli_00000000000000000000000000', client_secret: client.client_secret };
    const wrong = { client_id: client.client_id, client_secret: `${client.client_secret}x` };
    const basic = (credentials: TestClient) => ({
      headers: {
        authorization: `Basic ${Buffer.from(`${credentials.client_id}:${credentials.client_secret}`).toString('base64')}`,
      },
    });
    for (const credentials of [unknown, wrong]) {
      expect(await askToken(server.issuer, withSecret(credentials, connection))).toEqual(invalidClient);
      expect(await askToken(server.issuer, { grant_type: 'client_credentials' }, basic(credentials))).toEqual(
        invalidClient,
      );
    }
  });

  test.each(['x', 'é', '\u0000', '\u007f', '😀', 'x'.repeat(5_000)])(
    'gets this answer for the malformed client id %j too',
    async (client_id) => {
      const unknown = { client_id, client_secret: client.client_secret };
      expect(await askToken(server.issuer, withSecret(unknown, connection))).toEqual(invalidClient);
    },
  );
});

describe('defaults of the engine', () => {
  test('a client with several connections is refused without a resource, while the bare engine issues an opaque token', async () => {
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

  test('the server closes a connection with slow headers after 10 s, and one with a slow body after 15 s', async () => {
    const startedAt = performance.now();
    const [headers, body] = await Promise.all([
      sendRaw(server.issuer, 'GET /jwks HTTP/1.1\r\nHost: a', 25_000).then(
        () => performance.now() - startedAt,
      ),
      sendRaw(
        server.issuer,
        'POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\ng',
        25_000,
      ).then(() => performance.now() - startedAt),
    ]);
    // Node's default limits are 60 s and 300 s: with them, both would run into the 25 s of this test.
    expect(headers).toBeLessThan(22_000);
    expect(body).toBeLessThan(22_000);
  }, 40_000);
});
