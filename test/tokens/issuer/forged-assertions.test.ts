/** Forged client assertions: all get the same answer, only the audit log has the reason, and no JWKS is fetched. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { asAssertion, asSubject, invalidClient } from '../../access/federation/workloads.ts';
import { type ForeignIssuer, startForeignIssuer } from '../../support/foreign-issuer.ts';
import {
  askToken,
  oneConnection,
  type TestClient,
  type TestServer,
  testServer,
} from '../../support/server.ts';
import { makeKey } from '../../support/test-issuer.ts';
import { attacks, type Signer, seconds } from './attacks.ts';

let external: ForeignIssuer;
let server: TestServer;
let withSecret: TestClient;
const signers = {} as Record<'private_key_jwt' | 'federated', Signer>;

async function start(): Promise<void> {
  external = await startForeignIssuer();
  server = await testServer();
  const { client, connection } = await oneConnection(server);
  withSecret = client;
  const may_use = [{ connection: connection.id }];
  const make = async (auth: object) =>
    (await server.admin.post<TestClient>('/clients', { name: 'signer', auth, may_use })).client_id;
  const own = await makeKey('RS256', 'own');
  const jwks = { keys: [own.publicJwk] };
  const [keyed, other] = [
    await make({ method: 'private_key_jwt', jwks }),
    await make({ method: 'private_key_jwt', jwks: { keys: [(await makeKey('ES256', 'x')).publicJwk] } }),
  ];
  const common = {
    audience: server.issuer,
    sign: (...how: Parameters<Signer['sign']>) => external.sign(...how),
  };
  const lasting = () => ({ jti: randomUUID(), iat: seconds(), exp: seconds() + 60, aud: server.issuer });
  signers.private_key_jwt = {
    ...common,
    key: own,
    maxLifetime: 300,
    other,
    claims: () => ({ iss: keyed, sub: keyed, ...lasting() }),
  };
  const issuer = `${external.origin}/github`;
  const ids = { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' };
  await make({
    method: 'federated',
    platform: 'github',
    audience: server.issuer,
    issuer,
    claims: ids,
    jwks: { keys: [external.keys[0].publicJwk] },
  });
  signers.federated = {
    ...common,
    key: external.keys[0],
    maxLifetime: 600,
    other: `${external.origin}/other`,
    claims: () => ({ iss: issuer, sub: 'repo:acme/app:ref:refs/heads/main', ...ids, ...lasting() }),
  };
}

async function stop(): Promise<void> {
  await server?.close();
  await external?.close();
}

/** A server for these tests: the audit has only samples of the refusals of one minute. */
function serve(): void {
  beforeAll(start, 60_000);
  afterAll(stop);
}

interface Line {
  readonly event: string;
  readonly reason?: string;
  readonly client?: string;
}
const newest = async () => (await server.admin.get<{ items: Line[] }>('/audit?limit=1')).items[0];
const validAssertion = (signer: Signer, header: object = {}) =>
  signer.sign(signer.claims(), { ...header }, signer.key);

/** Expects the common refusal, and no part of the token in the log. */
async function refuses(
  token: string,
  parameters: Record<string, string> | [string, string][],
  reason: RegExp,
  headers: Record<string, string> = {},
): Promise<void> {
  const before = external.connections();
  expect(await askToken(server.issuer, parameters, { headers })).toEqual(invalidClient);
  const line = await newest();
  expect(line).toMatchObject({ event: 'token.refused', reason: expect.stringMatching(reason) });
  for (const part of token.split('.').filter(({ length }) => length > 40)) {
    expect(JSON.stringify(line)).not.toContain(part);
    expect(server.logged()).not.toContain(part);
  }
  expect(external.connections()).toBe(before);
}

describe.each(['private_key_jwt', 'federated'] as const)(
  'the token endpoint, for a client of the method %s,',
  (method) => {
    serve();
    let signer: Signer;
    beforeEach(() => {
      signer = signers[method];
    });

    test('accepts a valid assertion, from which the forged ones are made, once', async () => {
      const token = await validAssertion(signer);
      expect((await askToken(server.issuer, asAssertion(token))).status).toBe(200);
      await refuses(token, asAssertion(token), /used (once|before)/);
    });

    // RFC 7519 section 2: a NumericDate may have a fraction, and some libraries write one.
    test.each([60.5, 60.123456])('accepts an assertion that expires in %p seconds, once', async (left) => {
      const token = await signer.sign({ ...signer.claims(), exp: seconds() + left }, {}, signer.key);
      expect((await askToken(server.issuer, asAssertion(token))).status).toBe(200);
      await refuses(token, asAssertion(token), /used (once|before)/);
    });

    test.each(attacks)('refuses an assertion that %s', async (_title, make, reason) => {
      const token = await make(signer);
      await refuses(token, asAssertion(token), reason);
    });

    test('refuses an assertion together with any second way to authenticate', async () => {
      const token = await validAssertion(signer);
      const { client_id, client_secret } = withSecret;
      const basic = `Basic ${Buffer.from(`${client_id}:${client_secret}`).toString('base64')}`;
      const ways = /more than one way|one mechanism/;
      await refuses(token, asAssertion(token, { client_secret }), ways);
      await refuses(token, asAssertion(token), ways, { authorization: basic });
      await refuses(token, { ...asAssertion(token), ...asSubject(token) }, ways);
      await refuses(
        token,
        asAssertion(token, { client_id }),
        /client_id mismatch|no client matches|no client is/,
      );
      const twice = Object.entries(asAssertion(token));
      await refuses(
        token,
        [...twice, ['client_assertion', await validAssertion(signer)]],
        /client_assertion is given more than once/,
      );
      await refuses(
        token,
        [...twice, ['client_assertion', token]],
        /client_assertion is given more than once/,
      );
      await refuses(token, [...twice, twice[1]!], /client_assertion_type is given more than once/);
      expect((await askToken(server.issuer, asAssertion(token))).status).toBe(200);
    });

    test('refuses an assertion with any other client_assertion_type', async () => {
      for (const type of [
        '',
        'urn:ietf:params:oauth:client-assertion-type:saml2-bearer',
        'urn:ietf:params:oauth:client-assertion-type:JWT-bearer',
        'urn:ietf:params:oauth:grant-type:jwt-bearer',
        'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe',
      ]) {
        const token = await validAssertion(signer);
        await refuses(token, asAssertion(token, { client_assertion_type: type }), /client_assertion_type/);
      }
    });
  },
);

describe('the token endpoint', () => {
  serve();

  test('accepts every spelling of the typ of a client assertion, and none', async () => {
    for (const typ of [
      'client-authentication+jwt',
      'application/client-authentication+jwt',
      'jwt',
      undefined,
    ])
      expect(
        (await askToken(server.issuer, asAssertion(await validAssertion(signers.private_key_jwt, { typ }))))
          .status,
      ).toBe(200);
  });

  test('refuses a workload token that has the typ of a client assertion', async () => {
    const token = await validAssertion(signers.federated, { typ: 'client-authentication+jwt' });
    await refuses(token, asAssertion(token), /typ/);
  });
});

describe('the audit log', () => {
  serve();

  test('names the client of a refused assertion', async () => {
    for (const signer of Object.values(signers)) {
      const token = await signer.sign(signer.claims(), {}, await makeKey('RS256', signer.key.kid));
      await askToken(server.issuer, asAssertion(token));
      expect(await newest()).toMatchObject({ client: expect.stringMatching(/^cli_/) });
    }
  });

  test('shortens an external claim to one line of printable characters', async () => {
    const { sign, key, claims } = signers.federated;
    const ref = `\u202e\u2028\u0007\u009b31m${'x'.repeat(5_000)}`;
    await askToken(server.issuer, asAssertion(await sign({ ...claims(), ref }, {}, key)));
    const { reason = '' } = (await newest())!;
    expect(reason).toMatch(
      /is the closest match: ref is "\\u202e\\u2028\\u0007\\u009b31mx+…, not "refs\/heads\/main"$/,
    );
    expect(reason).toMatch(/^[\x20-\x7e…]{1,300}$/);
  });
});
