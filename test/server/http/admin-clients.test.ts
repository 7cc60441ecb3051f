import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { askToken, type TestClient, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { type Ask, asking, byAdmin, idOf, moment, newestLine, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;
let tenant: string;
let connection: string;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
  tenant = (await server.admin.post<{ id: string }>('/tenants', { name: 'Acme' })).id;
  connection = (
    await server.admin.post<{ id: string }>('/connections', { name: 'prod', tenant, cloud: 'aws' })
  ).id;
});
afterAll(() => server.close());

const make = (body: object) => server.admin.post<TestClient>('/clients', { name: 'deployer', ...body });
const publicKey = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'k1' };

describe('the clients API', () => {
  test('shows a client secret once, and never its hash', async () => {
    const rules = [{ connection }, { tenant }];
    const made = await ask('POST /clients', { body: { name: 'deployer', may_use: rules } });
    const client = {
      client_id: idOf('cli'),
      name: 'deployer',
      auth: { method: 'client_secret' },
      may_use: rules,
      disabled: false,
      secrets: [
        { id: idOf('sec'), created_at: moment, expires_at: null, last_used_at: null, replaces: null },
      ],
      created_at: moment,
      updated_at: moment,
    };
    expect({ status: made.status, body: made.body }).toEqual({
      status: 201,
      body: { ...client, client_secret: expect.stringMatching(/^sjs_[\w-]{43}$/) },
    });
    const { client_id, client_secret } = made.body as TestClient;
    expect(await newestLine(ask)).toEqual({
      event: 'client.created',
      ...byAdmin,
      client: client_id,
      facts: { auth: 'client_secret' },
    });

    expect(await plain(ask(`GET /clients/${client_id}`))).toEqual({ status: 200, body: client });
    const list = await ask('GET /clients');
    expect({ status: list.status, body: list.body }).toEqual({
      status: 200,
      body: { items: [client], next: null },
    });
    expect((await ask('GET /audit')).text + server.logged()).not.toContain(client_secret);

    expect(
      (await askToken(server.issuer, withSecret({ client_id, client_secret }, { id: connection }))).status,
    ).toBe(200);
  });

  test('stores only the public members of the keys of a private_key_jwt client, which has no secret', async () => {
    const jwks = { keys: [{ ...publicKey, alg: 'EdDSA', x5u: 'https://evil.example' }] };
    const made = await ask('POST /clients', {
      body: { name: 'keyed', auth: { method: 'private_key_jwt', jwks } },
    });
    expect({ status: made.status, body: made.body }).toEqual({
      status: 201,
      body: {
        client_id: idOf('cli'),
        name: 'keyed',
        auth: { method: 'private_key_jwt', jwks: { keys: [publicKey] } },
        may_use: [],
        disabled: false,
        secrets: [],
        created_at: moment,
        updated_at: moment,
      },
    });
    const { client_id } = made.body as TestClient;
    expect(await plain(ask(`POST /clients/${client_id}/secrets`))).toEqual(
      problem(
        400,
        'invalid_request',
        'auth.method: is private_key_jwt; a client with this method has no secrets',
      ),
    );
  });

  test('shows the complete trust of a federated client, which has no secret', async () => {
    const auth = {
      method: 'federated',
      platform: 'github',
      audience: 'https://id.example.com',
      claims: { repository_id: '74', repository_owner_id: '65', ref: { glob: 'refs/tags/v*' } },
    };
    const made = await ask('POST /clients', { body: { name: 'ci', auth } });
    const client = {
      client_id: idOf('cli'),
      name: 'ci',
      auth: { ...auth, issuer: 'https://token.actions.githubusercontent.com' },
      may_use: [],
      disabled: false,
      secrets: [],
      created_at: moment,
      updated_at: moment,
    };
    expect({ status: made.status, body: made.body }).toEqual({ status: 201, body: client });
    const { client_id } = made.body as TestClient;
    expect(await newestLine(ask)).toEqual({
      event: 'client.created',
      ...byAdmin,
      client: client_id,
      facts: { auth: 'federated' },
    });
    expect(await plain(ask(`GET /clients/${client_id}`))).toEqual({ status: 200, body: client });
    expect(await plain(ask(`POST /clients/${client_id}/secrets`))).toEqual(
      problem(400, 'invalid_request', 'auth.method: is federated; a client with this method has no secrets'),
    );
    const other = { ...auth, claims: { ...auth.claims, repository_id: '75' } };
    const message = 'must identify the same workload; create another client';
    expect(await plain(ask(`PATCH /clients/${client_id}`, { body: { auth: other } }))).toEqual(
      problem(400, 'invalid_request', `auth: ${message}`, [{ field: 'auth', message }]),
    );
  });

  test('refuses a private key and repeats it nowhere', async () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const jwk = privateKey.export({ format: 'jwk' });
    const answer = await ask('POST /clients', {
      body: { name: 'leak', auth: { method: 'private_key_jwt', jwks: { keys: [jwk] } } },
    });
    expect({ status: answer.status, body: answer.body }).toEqual(
      problem(
        400,
        'invalid_request',
        'auth.jwks.keys.0: contains a private key; register only the public key, and treat this one as leaked',
      ),
    );
    expect(answer.text + (await ask('GET /clients')).text + server.logged()).not.toContain(jwk.d);
  });

  test('replaces all rules on update, and records the changed members in the audit', async () => {
    const { client_id } = await make({ may_use: [{ tenant }] });
    const before = (await ask(`GET /clients/${client_id}`)).body as object;
    const answer = await ask(`PATCH /clients/${client_id}`, {
      body: { may_use: [{ connection }], disabled: true },
    });
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 200,
      body: { ...before, may_use: [{ connection }], disabled: true, updated_at: moment },
    });
    expect(await newestLine(ask)).toEqual({
      event: 'client.updated',
      ...byAdmin,
      client: client_id,
      facts: { changed: 'may_use disabled' },
    });
  });

  test('explains why a client may use a connection or not', async () => {
    const { client_id } = (
      await ask('POST /clients', { body: { name: 'asked', may_use: [{ cloud: 'gcp' }, { tenant }] } })
    ).body as { client_id: string };
    const plainly = {
      guard: null,
      unmet_conditions: [],
      purpose: null,
      purposes: [],
      audit_violations: [],
      approval: null,
    };
    const decision = async () => (await ask(`GET /clients/${client_id}/access/${connection}`)).body;
    expect(await decision()).toEqual({
      ...plainly,
      allowed: true,
      reason: 'rule_matched',
      rule: { index: 1, tenant },
    });
    await ask(`PATCH /clients/${client_id}`, { body: { may_use: [{ cloud: 'gcp' }] } });
    expect(await decision()).toEqual({ ...plainly, allowed: false, reason: 'no_rule_matched', rule: null });
    await ask(`PATCH /clients/${client_id}`, { body: { disabled: true } });
    expect(await decision()).toEqual({ ...plainly, allowed: false, reason: 'client_disabled', rule: null });
    expect((await ask(`GET /clients/${client_id}/access/con_nobody`)).status).toBe(404);
  });

  test('expires a rotated secret after the new one is first used, and shows both in the list and the audit', async () => {
    const { client_id, client_secret } = (await ask('POST /clients', { body: { name: 'rotating' } }))
      .body as {
      client_id: string;
      client_secret: string;
    };
    const rotated = await ask(`POST /clients/${client_id}/secrets`, {
      body: { replace: true, grace_seconds: 0 },
    });
    const fresh = rotated.body as { secret_id: string; client_secret: string };
    const [old] = ((await ask(`GET /clients/${client_id}`)).body as { secrets: { id: string }[] }).secrets;
    const token = async (secret: string) =>
      (
        await askToken(server.issuer, {
          grant_type: 'client_credentials',
          client_id,
          client_secret: secret,
          resource: 'urn:sojourn:api',
        })
      ).status;
    expect([
      await token(client_secret),
      await token(fresh.client_secret),
      await token(client_secret),
    ]).toEqual([200, 200, 401]);
    expect((await ask(`GET /clients/${client_id}`)).body).toMatchObject({
      secrets: [
        { id: old!.id, expires_at: moment, last_used_at: moment, replaces: null },
        { id: fresh.secret_id, expires_at: null, last_used_at: moment, replaces: null },
      ],
    });
    const { body } = await ask(`GET /audit?client=${client_id}&event=secret.replaced`);
    expect(body).toMatchObject({
      items: [{ event: 'secret.replaced', actor: 'system', client: client_id, facts: { secret: old!.id } }],
    });
  });

  test('accepts two secrets, refuses a third, and rejects a deleted one at sign-in', async () => {
    const { client_id, client_secret: first } = await make({ may_use: [{ connection }] });
    const second = await ask(`POST /clients/${client_id}/secrets`);
    expect({ status: second.status, body: second.body }).toEqual({
      status: 201,
      body: { client_id, secret_id: idOf('sec'), client_secret: expect.stringMatching(/^sjs_[\w-]{43}$/) },
    });
    const { client_secret, secret_id } = second.body as { client_secret: string; secret_id: string };
    expect(await newestLine(ask)).toEqual({
      event: 'secret.created',
      ...byAdmin,
      client: client_id,
      facts: { secret: secret_id },
    });
    const statusWith = async (secret: string) =>
      (await askToken(server.issuer, withSecret({ client_id, client_secret: secret }))).status;
    expect([await statusWith(first), await statusWith(client_secret)]).toEqual([200, 200]);

    expect(await plain(ask(`POST /clients/${client_id}/secrets`))).toEqual(
      problem(409, 'secret_limit', 'The client already has two secrets.'),
    );

    const { secrets } = (await ask(`GET /clients/${client_id}`)).body as { secrets: { id: string }[] };
    expect(secrets.map(({ id }) => id)).toEqual([expect.any(String), secret_id]);
    const removed = await ask(`DELETE /clients/${client_id}/secrets/${secrets[0]?.id}`);
    expect({ status: removed.status, text: removed.text }).toEqual({ status: 204, text: '' });
    expect(await newestLine(ask)).toEqual({
      event: 'secret.deleted',
      ...byAdmin,
      client: client_id,
      facts: { secret: secrets[0]?.id },
    });
    expect([await statusWith(first), await statusWith(client_secret)]).toEqual([401, 200]);
    expect((await ask(`DELETE /clients/${client_id}/secrets/${secrets[0]?.id}`)).status).toBe(404);
  });

  test('ends the API tokens of a deleted secret, and no others', async () => {
    const { client_id, client_secret } = await make({ may_use: [{ connection }] });
    const second = await server.admin.post<{ secret_id: string; client_secret: string }>(
      `/clients/${client_id}/secrets`,
      {},
    );
    const apiToken = async (secret: string) => {
      const parameters = { ...withSecret({ client_id, client_secret: secret }), resource: 'urn:sojourn:api' };
      return String((await askToken(server.issuer, parameters)).body.access_token);
    };
    const tokens = [await apiToken(client_secret), await apiToken(second.client_secret)];
    const statuses = () =>
      Promise.all(
        tokens.map(async (token) => {
          const headers = { authorization: `Bearer ${token}` };
          return (await fetch(`${server.issuer}/v1/connections/${connection}/token`, { headers })).status;
        }),
      );
    expect(await statuses()).toEqual([200, 200]);
    await ask(`DELETE /clients/${client_id}/secrets/${second.secret_id}`);
    expect(await statuses()).toEqual([200, 401]);
  });

  test('deletes a client together with its secret', async () => {
    const { client_id, client_secret } = await make({ may_use: [{ connection }] });
    expect((await ask(`DELETE /clients/${client_id}`)).status).toBe(204);
    expect(await newestLine(ask)).toEqual({ event: 'client.deleted', ...byAdmin, client: client_id });
    expect(await plain(ask(`GET /clients/${client_id}`))).toEqual(
      problem(404, 'client_not_found', 'There is no such client.'),
    );
    expect((await askToken(server.issuer, withSecret({ client_id, client_secret }))).status).toBe(401);
  });

  const unknownConnection = 'con_00000000000000000000000000';
  const faulty: [string, object, string, string][] = [
    [
      'a rule for what is not there',
      { may_use: [{ connection: unknownConnection }] },
      'may_use.0.connection',
      'there is no such connection',
    ],
    [
      'a rule for nothing',
      { may_use: [{}] },
      'may_use.0',
      'must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "aws", "labels": {…}}',
    ],
    [
      'a rule for everything',
      { may_use: ['*'] },
      'may_use.0',
      'must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "aws", "labels": {…}}',
    ],
    [
      'a method that is not served',
      { auth: { method: 'none' } },
      'auth.method',
      'must be client_secret, private_key_jwt, federated or tls',
    ],
    [
      'no keys',
      { auth: { method: 'private_key_jwt', jwks: { keys: [] } } },
      'auth.jwks.keys',
      'must contain at least one key',
    ],
    ['a secret of its own choice', { client_secret: 'mine' }, 'client_secret', 'is not known here'],
    ['an id of its own choice', { client_id: 'cli_mine' }, 'client_id', 'is not known here'],
  ];

  test.each(faulty)('refuses %s by name, and changes nothing', async (_title, body, field, message) => {
    const before = (await ask('GET /clients')).text;
    expect(await plain(ask('POST /clients', { body: { name: 'x', ...body } }))).toEqual(
      problem(400, 'invalid_request', `${field}: ${message}`, [{ field, message }]),
    );
    expect((await ask('GET /clients')).text).toBe(before);
  });
});
