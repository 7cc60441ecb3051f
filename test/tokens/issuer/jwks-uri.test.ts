/** Clients that publish their keys: where these may be, how often they are fetched, and what is said while they are not there. */
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

let foreign: ForeignIssuer;
let server: TestServer;
let connection: TestConnection;
let clock = 0;
let runs = 0;
let path = '';
let client = '';

const places = 30;
const start = (more: { folder?: string; clients?: object; federation?: object } = {}) =>
  testServer({
    now: () => Date.now() + clock,
    ...(more.folder === undefined ? {} : { folder: more.folder }),
    config: {
      // The jumps are longer than a replica may otherwise be without its store.
      keys: { stale_after: '360d', rotate_every: '360d' },
      federation: more.federation ?? { ca: foreign.caFile, allow_networks: allowLoopback },
      clients: more.clients ?? {
        jwks_uris: Array.from({ length: places }, (_, n) => `${foreign.origin}/client-${n}`),
      },
    },
  });

beforeAll(async () => {
  foreign = await startForeignIssuer();
  server = await start();
  ({ connection } = await oneConnection(server));
}, 60_000);
afterAll(async () => {
  await server?.close();
  await foreign?.close();
});

const make = async (one: TestServer, auth: object, { id } = connection) =>
  (
    await one.admin.post<TestClient>('/clients', {
      name: 'publisher',
      auth: { method: 'private_key_jwt', ...auth },
      may_use: [{ connection: id }],
    })
  ).client_id;

/** Each test has a client and a place of its own, at an hour of its own. */
beforeEach(async () => {
  clock += 24 * 3_600_000;
  path = `/client-${runs++}`;
  foreign.pages[path] = { keys: [foreign.keys[0].publicJwk] };
  client = await make(server, { jwks_uri: foreign.origin + path });
  foreign.requests.length = 0;
});

const assertion = (
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = foreign.keys[0],
  aud = server.issuer,
) => {
  const iat = Math.floor((Date.now() + clock) / 1000);
  const whole = { iss: client, sub: client, aud, jti: randomUUID(), iat, exp: iat + 60, ...claims };
  return foreign.sign(whole, header, key);
};
const ask = async (...how: Parameters<typeof assertion>) =>
  askToken(server.issuer, asAssertion(await assertion(...how)));
const asked = () => foreign.requests.splice(0);
const reason = async (one = server) =>
  (await one.admin.get<{ items: { reason: string; client: string }[] }>('/audit?limit=1')).items[0];

const unavailable = {
  status: 503,
  body: {
    error: 'temporarily_unavailable',
    error_description:
      'The server cannot fetch the keys of the client at the moment. Try again after the time in Retry-After; the audit log of the server has the reason.',
  },
};

describe('a jwks_uri', () => {
  test('is taken to the letter of the list, and nothing is kept of a client with another', async () => {
    const admin = asking(server);
    const before = (await admin('GET /clients?limit=200')).text;
    const refusal = problem(
      400,
      'invalid_request',
      'auth.jwks_uri: must be exactly one of clients.jwks_uris in the configuration',
    );
    for (const jwks_uri of [
      `${foreign.origin}${path}/`,
      `${foreign.origin}${path}?x`,
      `${foreign.origin}/jwks`,
      `${foreign.origin.replace('localhost', 'localhost.evil.example')}${path}`,
    ]) {
      const body = { name: 'x', auth: { method: 'private_key_jwt', jwks_uri } };
      expect(await plain(admin('POST /clients', { body }))).toEqual(refusal);
      expect(await plain(admin(`PATCH /clients/${client}`, { body: { auth: body.auth } }))).toEqual(refusal);
    }
    expect((await admin('GET /clients?limit=200')).text).toBe(before);
    expect(asked()).toEqual([]);
  });

  test.each([
    [{}, 'auth.jwks: is missing; give the keys, or a jwks_uri in their place'],
    [{ jwks_uri: 'http://id.example/jwks' }, 'auth.jwks_uri: must be a plain https URL'],
    [{ jwks_uri: 'https://a:b@id.example/jwks' }, 'auth.jwks_uri: must be a plain https URL'],
    [{ jwks_uri: 'https://ID.example/jwks' }, 'auth.jwks_uri: must be a plain https URL'],
  ])('of a client with %j is refused', async (auth, detail) => {
    const body = { name: 'x', auth: { method: 'private_key_jwt', ...auth } };
    expect(await plain(asking(server)('POST /clients', { body }))).toEqual(
      problem(400, 'invalid_request', detail),
    );
  });

  test('excludes keys that are given', async () => {
    const jwks = { keys: [foreign.keys[1].publicJwk] };
    const body = {
      name: 'x',
      auth: { method: 'private_key_jwt', jwks, jwks_uri: foreign.origin + path },
    };
    expect(await plain(asking(server)('POST /clients', { body }))).toEqual(
      problem(400, 'invalid_request', 'auth.jwks: cannot be combined with jwks_uri'),
    );
  });
});

describe('how often', () => {
  test('20 assertions at once make one fetch, and later ones none', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(asked()).toEqual([path]);
    clock += 4 * 60_000;
    expect((await ask()).status).toBe(200);
    expect(asked()).toEqual([]);
    clock += 2 * 60_000;
    expect((await ask()).status).toBe(200);
    expect(asked()).toEqual([path]);
  });

  test('unknown kids make no more than one fetch in 30 seconds, of this place alone, and a new key is found by it', async () => {
    await ask();
    asked();
    clock += 31_000;
    for (const kid of ['unknown', '../../etc/passwd', '__proto__', `${foreign.origin}/jwks`])
      expect(await ask({}, { kid, jku: `${foreign.origin}/jwks` })).toEqual(invalidClient);
    expect(asked()).toEqual([path]);
    const fresh = await makeKey('ES256', 'fresh');
    foreign.pages[path] = { keys: [fresh.publicJwk] };
    expect(await ask({}, {}, fresh)).toEqual(invalidClient);
    clock += 31_000;
    expect((await ask({}, {}, fresh)).status).toBe(200);
    expect(await ask()).toEqual(invalidClient);
    expect(asked()).toEqual([path]);
  });

  test('an assertion that could not be good makes none', async () => {
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
    expect(asked()).toEqual([]);
  });
});

describe('while the keys are not to be had', () => {
  test.each(unfitPages)(
    'since the page %s, the answer is 503 and the audit says why',
    async (_, page, why) => {
      foreign.pages[path] = page;
      const response = await fetch(`${server.issuer}/token`, {
        method: 'POST',
        body: new URLSearchParams(asAssertion(await assertion())),
      });
      expect({ status: response.status, body: await response.json() }).toEqual(unavailable);
      expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(Number(response.headers.get('retry-after'))).toBeLessThanOrEqual(30);
      expect(await reason()).toMatchObject({ client, outcome: 'failed', reason: expect.stringMatching(why) });
      expect(await ask()).toEqual(unavailable);
      expect(asked()).toEqual([path]);
      foreign.pages[path] = { keys: [foreign.keys[0].publicJwk] };
      clock += 31_000;
      expect((await ask()).status).toBe(200);
    },
  );

  test('the last ones are good for an hour, and then no longer', async () => {
    await ask();
    foreign.pages[path] = ((_, response) => void response.writeHead(503).end()) satisfies Page;
    clock += 59 * 60_000;
    expect((await ask()).status).toBe(200);
    clock += 2 * 60_000;
    expect(await ask()).toEqual(unavailable);
    expect(await reason()).toMatchObject({
      client,
      reason: `client_keys_unavailable: ${foreign.origin}${path} answers with status 503.`,
    });
  });

  test('a key that is withdrawn is no last one, though no other has come in its place', async () => {
    expect((await ask()).status).toBe(200);
    foreign.pages[path] = { keys: [] };
    clock += 6 * 60_000;
    expect(await ask()).toEqual(unavailable);
    expect(await reason()).toMatchObject({
      client,
      reason: `client_keys_unavailable: ${foreign.origin}${path} lists no key that can verify.`,
    });
  });

  test('a place in a private network is not asked unless the network is named', async () => {
    const closed = await start({ federation: { ca: foreign.caFile } });
    try {
      const { connection: own } = await oneConnection(closed);
      client = await make(closed, { jwks_uri: foreign.origin + path }, own);
      const before = foreign.connections();
      const token = await assertion({}, {}, foreign.keys[0], closed.issuer);
      expect(await askToken(closed.issuer, asAssertion(token))).toEqual(unavailable);
      expect((await reason(closed))?.reason).toMatch(/resolves to (127\.0\.0\.1|::1), which is not public/);
      expect(foreign.connections()).toBe(before);
    } finally {
      await closed.close();
    }
  }, 60_000);
});

test('a place that is taken off the list is not asked any more', async () => {
  expect((await ask()).status).toBe(200);
  await server.stop();
  asked();
  server = await start({ folder: server.folder, clients: {} });
  expect(await ask()).toEqual(invalidClient);
  expect(await reason()).toMatchObject({
    client,
    reason: 'invalid_client: its jwks_uri is no longer in clients.jwks_uris',
  });
  expect(asked()).toEqual([]);
}, 60_000);
