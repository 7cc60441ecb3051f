/** Keys of external issuers: from where and how often they are fetched, and how long stale ones are used. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page } from '../../support/foreign-issuer.ts';
import { makeKey } from '../../support/test-issuer.ts';
import { type Stage, startStage } from './stage.ts';
import { unfitPages } from './unfit-pages.ts';
import { audience, invalidClient, signIn } from './workloads.ts';

let stage: Stage;
let clock = 0;
let path = '';
let runs = 0;

beforeAll(async () => {
  // The jumps are longer than a replica may otherwise be without its store.
  stage = await startStage({
    now: () => Date.now() + clock,
    config: { keys: { stale_after: '360d', rotate_every: '360d' } },
  });
}, 60_000);
afterAll(() => stage?.close());

/** Each test has its own issuer and its own time. */
beforeEach(async () => {
  clock += 24 * 3_600_000;
  path = `/issuer-${++runs}`;
  stage.foreign.requests.length = 0;
});

const discovery = () => `${path}/.well-known/openid-configuration`;
const claims = () => {
  const iat = Math.floor((Date.now() + clock) / 1000);
  return { iss: stage.foreign.origin + path, sub: 'w', aud: audience, iat, exp: iat + 300 };
};
const client = (more: object = {}) =>
  stage.client({ issuer: stage.foreign.issuerAt(path), subject: 'w', ...more });
const ask = async (header: Record<string, unknown> = {}, key = stage.foreign.keys[0]) =>
  signIn(stage.server.issuer, await stage.foreign.sign(claims(), header, key));
const asked = () => stage.foreign.requests.splice(0);

describe('the cache of remote keys', () => {
  test('fetches once for 20 concurrent tokens, and not again for later ones', async () => {
    await client();
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask()));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    expect(asked()).toEqual([discovery(), '/jwks']);
    clock += 4 * 60_000;
    expect((await ask()).status).toBe(200);
    expect(asked()).toEqual([]);
    clock += 2 * 60_000;
    expect((await ask()).status).toBe(200);
    expect(asked()).toEqual([discovery(), '/jwks']);
  });

  test('fetches at most once in 30 seconds for unknown kids, and then finds a new key', async () => {
    await client();
    await ask();
    asked();
    clock += 31_000;
    for (let n = 0; n < 10; n++) expect(await ask({ kid: `unknown-${n}` })).toEqual(invalidClient);
    expect(asked()).toEqual([discovery(), '/jwks']);
    const fresh = await makeKey('ES256', `fresh-${runs}`);
    (stage.foreign.pages['/jwks'] as { keys: unknown[] }).keys.push(fresh.publicJwk);
    expect(await ask({}, fresh)).toEqual(invalidClient);
    clock += 31_000;
    expect((await ask({}, fresh)).status).toBe(200);
    expect(asked()).toEqual([discovery(), '/jwks']);
  });

  test('uses the last keys for an hour while the issuer is down', async () => {
    await client();
    await ask();
    stage.foreign.pages[discovery()] = ((_, response) => {
      response.writeHead(503).end();
    }) satisfies Page;
    clock += 59 * 60_000;
    expect((await ask()).status).toBe(200);
    clock += 2 * 60_000;
    expect(await ask()).toEqual(invalidClient);
    expect(await stage.reason()).toBe(
      `invalid_client: cannot fetch the issuer's keys: ${stage.foreign.origin}${discovery()} answers with status 503.`,
    );
    asked();
    for (let n = 0; n < 10; n++) await ask();
    expect(asked()).toEqual([]);
    stage.foreign.issuerAt(path);
    clock += 31_000;
    expect((await ask()).status).toBe(200);
  });

  test('accepts a withdrawn key for at most five minutes', async () => {
    await client();
    const gone = await makeKey('ES256', `gone-${runs}`);
    const jwks = stage.foreign.pages['/jwks'] as { keys: unknown[] };
    jwks.keys.push(gone.publicJwk);
    expect((await ask({}, gone)).status).toBe(200);
    jwks.keys.pop();
    clock += 6 * 60_000;
    expect(await ask({}, gone)).toEqual(invalidClient);
  });

  test('drops a withdrawn key even if it was the only one', async () => {
    const place = `${path}/keys`;
    const only = { keys: [stage.foreign.keys[0].publicJwk] };
    stage.foreign.pages[place] = only;
    await client({ jwks_uri: stage.foreign.origin + place });
    expect((await ask()).status).toBe(200);
    stage.foreign.pages[place] = { keys: [] };
    clock += 6 * 60_000;
    expect(await ask()).toEqual(invalidClient);
    expect(await stage.reason()).toBe(
      `invalid_client: cannot fetch the issuer's keys: ${stage.foreign.origin}${place} lists no key that can verify.`,
    );
    stage.foreign.pages[place] = ((_, response) => void response.writeHead(503).end()) satisfies Page;
    clock += 31_000;
    expect(await ask()).toEqual(invalidClient);
    stage.foreign.pages[place] = only;
    clock += 31_000;
    expect((await ask()).status).toBe(200);
  });

  test('keeps its keys if a response is not a JWKS', async () => {
    const place = `${path}/keys`;
    stage.foreign.pages[place] = { keys: [stage.foreign.keys[0].publicJwk] };
    await client({ jwks_uri: stage.foreign.origin + place });
    expect((await ask()).status).toBe(200);
    for (const page of [{}, [], null, 'down', { keys: 'none' }, { keys: null }]) {
      stage.foreign.pages[place] = page;
      clock += 6 * 60_000;
      expect((await ask()).status).toBe(200);
    }
  });
});

describe('the cache of remote keys, after the clock is set back by two hours,', () => {
  const setBack = () => {
    clock -= 2 * 3_600_000;
  };

  test('fetches at once from an issuer that had not answered', async () => {
    await client();
    delete stage.foreign.pages[discovery()];
    expect(await ask()).toEqual(invalidClient);
    setBack();
    stage.foreign.issuerAt(path);
    expect((await ask()).status).toBe(200);
  });

  test('fetches earlier keys again, and uses them no longer than usual if that fails', async () => {
    await client();
    expect((await ask()).status).toBe(200);
    asked();
    clock -= 60_000;
    delete stage.foreign.pages[discovery()];
    expect((await ask()).status).toBe(200);
    expect(asked()).toEqual([discovery()]);
    setBack();
    expect(await ask()).toEqual(invalidClient);
    expect(asked()).toEqual([discovery()]);
  });
});

describe('the source of keys', () => {
  test('is not contacted if the client has its own jwks', async () => {
    await client({ jwks: { keys: [stage.foreign.keys[1].publicJwk] } });
    expect((await ask({}, stage.foreign.keys[1])).status).toBe(200);
    expect(await ask()).toEqual(invalidClient);
    expect(asked()).toEqual([]);
  });

  test('is the jwks_uri of the client instead of discovery', async () => {
    await client({ jwks_uri: `${stage.foreign.origin}/jwks` });
    expect((await ask()).status).toBe(200);
    expect(asked()).toEqual(['/jwks']);
  });

  const bent: [string, () => unknown, RegExp][] = [
    [
      'names another issuer',
      () => ({ issuer: 'https://other.example', jwks_uri: `${stage.foreign.origin}/jwks` }),
      /names another issuer/,
    ],
    [
      'names its issuer with a slash',
      () => ({ issuer: `${stage.foreign.origin}${path}/`, jwks_uri: `${stage.foreign.origin}/jwks` }),
      /names another issuer/,
    ],
    ['names no jwks_uri', () => ({ issuer: stage.foreign.origin + path }), /names no jwks_uri/],
    [
      'leads to plain http',
      () => ({ issuer: stage.foreign.origin + path, jwks_uri: 'http://127.0.0.1/jwks' }),
      /is not an https URL/,
    ],
    [
      'points to the metadata service',
      () => ({ issuer: stage.foreign.origin + path, jwks_uri: 'https://169.254.169.254/jwks' }),
      /resolves to 169\.254\.169\.254, which is not public/,
    ],
    [
      'contains a user name',
      () => ({ issuer: stage.foreign.origin + path, jwks_uri: `https://a:b@localhost/jwks` }),
      /contains a user name/,
    ],
    ['is a list', () => [], /names another issuer/],
    ['is null', () => null, /names another issuer/],
    ...unfitPages.map(([title, page, reason]): [string, () => unknown, RegExp] => [
      title,
      () => page,
      reason,
    ]),
  ];

  test.each(bent)(
    'a discovery document that %s is rejected',
    async (_title, page, reason) => {
      await client();
      stage.foreign.pages[discovery()] = page();
      expect(await ask()).toEqual(invalidClient);
      expect(await stage.reason()).toMatch(reason);
      expect(asked()).toEqual([discovery()]);
    },
    30_000,
  );

  test('is not used if the JWKS has no usable key', async () => {
    const { publicJwk } = stage.foreign.keys[0];
    const unusable: [unknown, RegExp][] = [
      [[], /lists no key that can verify/],
      [[{ ...publicJwk, use: 'enc' }], /lists no key that can verify/],
      [[{ kty: 'oct', k: 'AAAA' }], /lists no key that can verify/],
      ['keys', /is not a list of keys/],
    ];
    for (const [n, [keys, reason]] of unusable.entries()) {
      path = `/unusable-${n}`;
      stage.foreign.pages[`${path}/keys`] = { keys };
      await client({ jwks_uri: `${stage.foreign.origin}${path}/keys` });
      expect(await ask()).toEqual(invalidClient);
      expect(await stage.reason()).toMatch(reason);
    }
  });

  test('is not used if two keys have the same kid', async () => {
    const twin = await makeKey('RS256', stage.foreign.keys[0].kid);
    stage.foreign.pages[`${path}/twins`] = { keys: [stage.foreign.keys[0].publicJwk, twin.publicJwk] };
    await client({ jwks_uri: `${stage.foreign.origin}${path}/twins` });
    expect(await ask()).toEqual(invalidClient);
    expect(await stage.reason()).toMatch(/more than one key/);
  });
});

test('an issuer in a private network is not contacted unless the network is allowed', async () => {
  const closed = await startStage({ config: { federation: {} } });
  try {
    const before = closed.foreign.connections();
    await closed.client({ issuer: closed.foreign.issuerAt('/private'), subject: 'w' });
    const iat = Math.floor(Date.now() / 1000);
    const token = await closed.foreign.sign({
      iss: `${closed.foreign.origin}/private`,
      sub: 'w',
      aud: audience,
      iat,
      exp: iat + 60,
    });
    expect(await signIn(closed.server.issuer, token)).toEqual(invalidClient);
    expect(await closed.reason()).toMatch(/resolves to (127\.0\.0\.1|::1), which is not public/);
    expect(closed.foreign.connections()).toBe(before);
  } finally {
    await closed.close();
  }
}, 60_000);
