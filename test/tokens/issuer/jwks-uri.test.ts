/** Clients with a `jwks_uri`: which URLs are allowed, how often a JWKS is fetched, and the answers while it is unavailable. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { allowLoopback } from '../../access/federation/stage.ts';
import { unfitPages } from '../../access/federation/unfit-pages.ts';
import { asAssertion, invalidClient } from '../../access/federation/workloads.ts';
import { asking, plain, problem } from '../../server/http/ask.ts';
import { type ForeignIssuer, type Page, startForeignIssuer } from '../../support/foreign-issuer.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestConnection,
  type TestServer,
  testServer,
} from '../../support/server.ts';
import { makeKey } from '../../support/test-issuer.ts';

let external: ForeignIssuer;
let server: TestServer;
let connection: TestConnection;
let clock = 0;
let runs = 0;
let path = '';
let client = '';

const pathCount = 30;
const start = (more: { folder?: string; clients?: object; federation?: object } = {}) =>
  testServer({
    now: () => Date.now() + clock,
    ...(more.folder === undefined ? {} : { folder: more.folder }),
    config: {
      // The clock jumps further than the default stale_after allows.
      keys: { stale_after: '360d', rotate_every: '360d' },
      federation: more.federation ?? { ca: external.caFile, allow_networks: allowLoopback },
      clients: more.clients ?? {
        jwks_uris: Array.from({ length: pathCount }, (_, n) => `${external.origin}/client-${n}`),
      },
    },
  });

beforeAll(async () => {
  external = await startForeignIssuer();
  server = await start();
  ({ connection } = await oneConnection(server));
}, 60_000);
afterAll(async () => {
  await server?.close();
  await external?.close();
});

const make = async (target: TestServer, auth: object, { id } = connection) =>
  (
    await target.admin.post<TestClient>('/clients', {
      name: 'publisher',
      auth: { method: 'private_key_jwt', ...auth },
      may_use: [{ connection: id }],
    })
  ).client_id;

/** Each test has its own client and path, one day after the previous test, so that no cached JWKS and no limit is left. */
beforeEach(async () => {
  clock += 24 * 3_600_000;
  path = `/client-${runs++}`;
  external.pages[path] = { keys: [external.keys[0].publicJwk] };
  client = await make(server, { jwks_uri: external.origin + path });
  external.requests.length = 0;
});

const assertion = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = external.keys[0],
  aud = server.issuer,
) => {
  const iat = Math.floor((Date.now() + clock) / 1000);
  const whole = { iss: client, sub: client, aud, jti: randomUUID(), iat, exp: iat + 60, ...claims };
  return external.sign(whole, header, key);
};
const ask = async (...how: Parameters<typeof assertion>) =>
  askToken(server.issuer, asAssertion(await assertion(...how)));
const takeRequests = () => external.requests.splice(0);
const reason = async (target = server) =>
  (await target.admin.get<{ items: { reason: string; client: string }[] }>('/audit?limit=1')).items[0];

const unavailable = {
  status: 503,
  body: {
    error: 'temporarily_unavailable',
    error_description:
      'The server cannot fetch the keys of the client at the moment. Try again after the time in Retry-After; the audit log of the server has the reason.',
  },
};

describe('a jwks_uri', () => {
  test('must equal a configured one exactly, and a client with another one is not stored', async () => {
    const admin = asking(server);
    const before = (await admin('GET /clients?limit=200')).text;
    const refusal = problem(
      400,
      'invalid_request',
      'auth.jwks_uri: must be exactly one of clients.jwks_uris in the configuration',
    );
    for (const jwks_uri of [
      `${external.origin}${path}/`,
      `${external.origin}${path}?x`,
      `${external.origin}/jwks`,
      `${external.origin.replace('localhost', 'localhost.evil.example')}${path}`,
    ]) {
      const body = { name: 'x', auth: { method: 'private_key_jwt', jwks_uri } };
      expect(await plain(admin('POST /clients', { body }))).toEqual(refusal);
      expect(await plain(admin(`PATCH /clients/${client}`, { body: { auth: body.auth } }))).toEqual(refusal);
    }
    expect((await admin('GET /clients?limit=200')).text).toBe(before);
    expect(takeRequests()).toEqual([]);
  });

  test.each([
    [{}, 'auth.jwks: is missing; give the keys, or a jwks_uri in their place'],
    [{ jwks_uri: 'http://id.example/jwks' }, 'auth.jwks_uri: must be a plain https URL'],
    [{ jwks_uri: 'https://a:b@id.example/jwks' }, 'auth.jwks_uri: must be a plain https URL'],
    [{ jwks_uri: 'https://ID.example/jwks' }, 'auth.jwks_uri: must be a plain https URL'],
  ])('is refused if auth is %j', async (auth, detail) => {
    const body = { name: 'x', auth: { method: 'private_key_jwt', ...auth } };
    expect(await plain(asking(server)('POST /clients', { body }))).toEqual(
      problem(400, 'invalid_request', detail),
    );
  });

  test('cannot be combined with a jwks', async () => {
    const jwks = { keys: [external.keys[1].publicJwk] };
    const body = {
      name: 'x',
      auth: { method: 'private_key_jwt', jwks, jwks_uri: external.origin + path },
    };
    expect(await plain(asking(server)('POST /clients', { body }))).toEqual(
      problem(400, 'invalid_request', 'auth.jwks: cannot be combined with jwks_uri'),
    );
  });
});

describe('fetches of a jwks_uri', () => {
  test('20 concurrent assertions cause one fetch, and later ones none for five minutes', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(takeRequests()).toEqual([path]);
    clock += 4 * 60_000;
    expect((await ask()).status).toBe(200);
    expect(takeRequests()).toEqual([]);
    clock += 2 * 60_000;
    expect((await ask()).status).toBe(200);
    expect(takeRequests()).toEqual([path]);
  });

  test('unknown kids cause one fetch in 30 seconds, only of this jwks_uri, which also finds a new key', async () => {
    await ask();
    takeRequests();
    clock += 31_000;
    for (const kid of ['unknown', '../../etc/passwd', '__proto__', `${external.origin}/jwks`])
      expect(await ask({}, { kid, jku: `${external.origin}/jwks` })).toEqual(invalidClient);
    expect(takeRequests()).toEqual([path]);
    const fresh = await makeKey('ES256', 'fresh');
    external.pages[path] = { keys: [fresh.publicJwk] };
    expect(await ask({}, {}, fresh)).toEqual(invalidClient);
    clock += 31_000;
    expect((await ask({}, {}, fresh)).status).toBe(200);
    expect(await ask()).toEqual(invalidClient);
    expect(takeRequests()).toEqual([path]);
  });

  test('an assertion that is invalid in any case causes none', async () => {
    const past = Math.floor((Date.now() + clock) / 1000) - 120;
    for (const claims of [
      { aud: `${server.issuer}/token` },
      { aud: [server.issuer] },
      { iss: 'cli_00000000000000000000000000' },
      { exp: past },
      { jti: '' },
    ])
      expect(await ask(claims)).toEqual(invalidClient);
    for (const header of [{ crit: ['x'], x: 1 }, { typ: 'at+jwt' }, { kid: 7 }])
      expect(await ask({}, header)).toEqual(invalidClient);
    expect(takeRequests()).toEqual([]);
  });
});

describe('the token endpoint, while the keys of a client are unavailable,', () => {
  test.each(unfitPages)(
    'answers 503 if the response of the jwks_uri %s, and the audit log has the reason',
    async (_, page, why) => {
      external.pages[path] = page;
      const response = await fetch(`${server.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams(asAssertion(await assertion())),
      });
      expect({ status: response.status, body: await response.json() }).toEqual(unavailable);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(30);
      expect(await reason()).toMatchObject({ client, outcome: 'failed', reason: expect.stringMatching(why) });
      expect(await ask()).toEqual(unavailable);
      expect(takeRequests()).toEqual([path]);
      external.pages[path] = { keys: [external.keys[0].publicJwk] };
      clock += 31_000;
      expect((await ask()).status).toBe(200);
    },
  );

  test('accepts assertions with the last known keys for one hour', async () => {
    await ask();
    external.pages[path] = ((_, response) => void response.writeHead(503).end()) satisfies Page;
    clock += 59 * 60_000;
    expect((await ask()).status).toBe(200);
    clock += 2 * 60_000;
    expect(await ask()).toEqual(unavailable);
    expect(await reason()).toMatchObject({
      client,
      reason: `client_keys_unavailable: ${external.origin}${path} answers with status 503.`,
    });
  });

  test('does not fall back to a removed key, even if the JWKS is empty now', async () => {
    expect((await ask()).status).toBe(200);
    external.pages[path] = { keys: [] };
    clock += 6 * 60_000;
    expect(await ask()).toEqual(unavailable);
    expect(await reason()).toMatchObject({
      client,
      reason: `client_keys_unavailable: ${external.origin}${path} lists no key that can verify.`,
    });
  });

  test('does not connect to a private network unless federation.allow_networks contains it', async () => {
    const restricted = await start({ federation: { ca: external.caFile } });
    try {
      const { connection: own } = await oneConnection(restricted);
      client = await make(restricted, { jwks_uri: external.origin + path }, own);
      const before = external.connections();
      const token = await assertion({}, {}, external.keys[0], restricted.issuer);
      expect(await askToken(restricted.issuer, asAssertion(token))).toEqual(unavailable);
      expect((await reason(restricted))?.reason).toMatch(
        /resolves to (127\.0\.0\.1|::1), which is not public/,
      );
      expect(external.connections()).toBe(before);
    } finally {
      await restricted.close();
    }
  }, 60_000);
});

test('the token endpoint does not fetch a jwks_uri that was removed from clients.jwks_uris', async () => {
  expect((await ask()).status).toBe(200);
  await server.stop();
  takeRequests();
  server = await start({ folder: server.folder, clients: {} });
  expect(await ask()).toEqual(invalidClient);
  expect(await reason()).toMatchObject({
    client,
    reason: 'invalid_client: its jwks_uri is no longer in clients.jwks_uris',
  });
  expect(takeRequests()).toEqual([]);
}, 60_000);
