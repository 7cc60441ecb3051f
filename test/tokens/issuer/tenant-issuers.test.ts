/** The issuers of tenants, with shared and with separate keys, and the move of a tenant to another issuer. */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DeleteStackCommand } from '@aws-sdk/client-cloudformation';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { openStore } from '../../../src/platform/store/index.ts';
import { account, applyTemplate } from '../../../src/sandbox/demo/customer/aws.ts';
import { call } from '../../../src/sandbox/demo/http.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { type Ask, asking, plain, problem } from '../../server/http/ask.ts';
import { assertionKey, withAssertion } from '../../support/assertions.ts';
import { cloudFormationOf } from '../../support/aws-sandbox.ts';
import {
  askToken,
  awsTarget,
  type TestClient,
  type TestConnection,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';

interface Tenant {
  readonly id: string;
  readonly issuer: string;
}

type Running = Awaited<ReturnType<typeof startSandbox>>;

let sandbox: Running;
let server: TestServer;
let ask: Ask;
let client: TestClient;

beforeAll(async () => {
  sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  server = await testServer({ config: { clouds: { aws: { sts_endpoint: `${sandbox.origin}/aws` } } } });
  ask = asking(server);
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

const documentOf = async (url: string) => {
  const { status, body } = await call({ url });
  return { status, body: JSON.parse(body) as Record<string, unknown> };
};

const kidsAt = async (issuer: string) =>
  ((await documentOf(`${issuer}/jwks`)).body.keys as { kid: string }[]).map(({ kid }) => kid);

async function tenantWith(facts: Record<string, unknown>) {
  const tenant = await server.admin.post<Tenant>('/tenants', { name: 'Acme', ...facts });
  const connection = await server.admin.post<TestConnection & { issuer: string }>('/connections', {
    name: 'prod',
    tenant: tenant.id,
    cloud: 'aws',
    target: awsTarget,
  });
  client = await server.admin.post<TestClient>('/clients', {
    name: 'deployer',
    may_use: [{ tenant: tenant.id }],
  });
  return { tenant, connection, client };
}

describe('a tenant issuer with its own keys', () => {
  test('serves discovery and a JWKS that shares no key with the main issuer', async () => {
    const { tenant, connection } = await tenantWith({ own_issuer: true, own_keys: true });
    const issuer = `${server.issuer}/t/${tenant.id}`;
    expect([tenant.issuer, connection.issuer]).toEqual([issuer, issuer]);
    const main = (await documentOf(`${server.issuer}/.well-known/openid-configuration`)).body;
    expect(await documentOf(`${issuer}/.well-known/openid-configuration`)).toEqual({
      status: 200,
      body: { ...main, issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` },
    });
    const own = await kidsAt(issuer);
    expect(own).toHaveLength(4);
    expect((await kidsAt(server.issuer)).filter((kid) => own.includes(kid))).toEqual([]);
  });

  test('issues the tokens of its tenant, signed with its own keys, and the main issuer issues none of them', async () => {
    const { tenant, connection } = await tenantWith({ own_issuer: true, own_keys: true });
    const { status, body } = await askToken(tenant.issuer, withSecret(client, connection));
    expect(status).toBe(200);
    const token = String(body.access_token);
    const { payload } = await jwtVerify(token, createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`)));
    expect(payload).toMatchObject({ iss: tenant.issuer, sub: connection.id, aud: 'sts.amazonaws.com' });
    await expect(
      jwtVerify(token, createRemoteJWKSet(new URL(`${server.issuer}/jwks`))),
    ).rejects.toMatchObject({ code: 'ERR_JWKS_NO_MATCHING_KEY' });
    expect(await askToken(server.issuer, withSecret(client, connection))).toEqual({
      status: 400,
      body: {
        error: 'invalid_target',
        error_description: `The connection is registered under another issuer. Ask for its token at ${tenant.issuer}/token.`,
      },
    });
  });

  test('issues no token for the API and none for a connection of another issuer', async () => {
    const shared = await tenantWith({});
    const { tenant } = await tenantWith({ own_issuer: true, own_keys: true });
    const everywhere = await server.admin.post<TestClient>('/clients', {
      name: 'everywhere',
      may_use: [{ tenant: tenant.id }, { tenant: shared.tenant.id }],
    });
    const api = { ...withSecret(everywhere), resource: 'urn:sojourn:api' };
    expect(await askToken(tenant.issuer, api)).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
    expect(await askToken(tenant.issuer, withSecret(everywhere, shared.connection))).toMatchObject({
      status: 400,
      body: { error: 'invalid_target' },
    });
  });

  test('accepts client assertions with its own audience, and none with the audience of the main issuer', async () => {
    const { tenant, connection } = await tenantWith({ own_issuer: true, own_keys: true });
    const key = await assertionKey();
    const { client_id } = await server.admin.post<TestClient>('/clients', {
      name: 'keyed',
      auth: { method: 'private_key_jwt', jwks: { keys: [key.jwk] } },
      may_use: [{ connection: connection.id }],
    });
    const status = async (audience: string) =>
      (await askToken(tenant.issuer, withAssertion(await key.sign(client_id, audience)))).status;
    expect(await status(tenant.issuer)).toBe(200);
    expect(await status(server.issuer)).toBe(401);
  });

  test('rotates and revokes only its own keys, and a leak affects only the connections of its tenant', async () => {
    const { tenant, connection } = await tenantWith({ own_issuer: true, own_keys: true });
    const main = await kidsAt(server.issuer);
    const before = await kidsAt(tenant.issuer);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const { items } = await server.admin.post<{ items: { kid: string; state: string; alg: string }[] }>(
      '/keys/rotate',
      { tenant: tenant.id },
    );
    const active = items.filter(({ state }) => state === 'active').map(({ kid }) => kid);
    expect(active.toSorted()).toEqual(before.slice(2).toSorted());
    const leaked = items.find(({ state, alg }) => state === 'active' && alg === 'RS256')!.kid;
    const { items: affected } = await server.admin.get<{ items: { connection: string }[] }>(
      `/keys/${leaked}/impact`,
    );
    expect(affected.map((one) => one.connection)).toEqual([connection.id]);
    await server.admin.post(`/keys/${leaked}/revoke`);
    expect(await kidsAt(tenant.issuer)).not.toContain(leaked);
    expect(await kidsAt(server.issuer)).toEqual(main);
    const { status, body } = await askToken(tenant.issuer, withSecret(client, connection));
    expect(status).toBe(200);
    await jwtVerify(String(body.access_token), createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`)));
  });

  test('still serves its keys, issues tokens and verifies connections after an interrupted deletion of the tenant', async () => {
    const { tenant, connection } = await tenantWith({ own_issuer: true, own_keys: true });
    const store = await openStore(`sqlite:${join(server.folder, 'sojourn.db')}`, {
      logger: undefined as never,
      now: Date.now,
    });
    const { version, value } = (await store.get<object>('tenant', tenant.id))!;
    await store.replace('tenant', tenant.id, version, { ...value, deletion: 'a deletion' });
    await store.close();
    expect(await kidsAt(tenant.issuer)).toHaveLength(4);
    const { status } = await documentOf(`${tenant.issuer}/.well-known/openid-configuration`);
    expect(status).toBe(200);
    expect((await askToken(tenant.issuer, withSecret(client, connection))).status).toBe(200);
    expect(await server.admin.post(`/connections/${connection.id}/verify`)).toMatchObject({
      verdict: 'failing',
    });
    expect(await server.admin.get(`/tenants/${tenant.id}`)).toEqual(tenant);
  });

  test('answers 404 and has no local ring file after its tenant is deleted', async () => {
    const tenant = await server.admin.post<Tenant>('/tenants', {
      name: 'Gone',
      own_issuer: true,
      own_keys: true,
    });
    const ringFile = join(server.folder, 'keys', `${tenant.id}.json`);
    expect([(await call({ url: `${tenant.issuer}/jwks` })).status, existsSync(ringFile)]).toEqual([
      200,
      true,
    ]);
    expect((await ask(`DELETE /tenants/${tenant.id}`)).status).toBe(204);
    expect([(await call({ url: `${tenant.issuer}/jwks` })).status, existsSync(ringFile)]).toEqual([
      404,
      false,
    ]);
  });
});

describe('a tenant issuer with shared keys', () => {
  test('serves exactly the JWKS of the main issuer, and issues tokens with its own iss', async () => {
    const { tenant, connection } = await tenantWith({ own_issuer: true });
    const [own, main] = [
      await call({ url: `${tenant.issuer}/jwks` }),
      await call({ url: `${server.issuer}/jwks` }),
    ];
    expect(own).toEqual(main);
    const { body } = await askToken(tenant.issuer, withSecret(client, connection));
    const { payload } = await jwtVerify(
      String(body.access_token),
      createRemoteJWKSet(new URL(`${tenant.issuer}/jwks`)),
    );
    expect(payload.iss).toBe(tenant.issuer);
  });
});

describe('an issuer path', () => {
  test('is answered with 404 if it is not exactly that of a tenant issuer, whether or not the tenant exists', async () => {
    const { tenant } = await tenantWith({});
    const { issuer } = await server.admin.post<Tenant>('/tenants', { name: 'Own', own_issuer: true });
    const paths = [
      `/t/${tenant.id}/jwks`,
      '/t/ten_00000000000000000000000000/jwks',
      '/t/__proto__/jwks',
      '/t/jwks',
      '/t//jwks',
      `${issuer.slice(server.issuer.length)}/jwks/`,
      `${issuer.slice(server.issuer.length)}/v1/connections/x/token`,
      `${issuer.slice(server.issuer.length).toUpperCase()}/jwks`,
    ];
    for (const path of paths) {
      const { status, body } = await documentOf(server.issuer + path);
      expect({ path, status, code: body.code }).toEqual({ path, status: 404, code: 'not_found' });
    }
  });

  test('is served at once after the tenant got its own issuer, although it was missing before', async () => {
    const { tenant } = await tenantWith({});
    const path = `${server.issuer}/t/${tenant.id}/jwks`;
    expect((await documentOf(path)).status).toBe(404);
    expect((await ask(`POST /tenants/${tenant.id}/move`, { body: { own_issuer: true } })).status).toBe(200);
    expect((await documentOf(path)).status).toBe(200);
  });

  test.each([
    [{ name: 'Acme', own_keys: true }, 'needs own_issuer: one issuer has one set of keys'],
    [{ name: 'Acme', own_issuer: true, own_keys: 'yes' }, 'invalid input: expected boolean, received string'],
  ])('is not created from the tenant %j', async (body, message) => {
    expect(await plain(ask('POST /tenants', { body }))).toEqual(
      problem(400, 'invalid_request', `own_keys: ${message}`, [{ field: 'own_keys', message }]),
    );
  });
});

describe('a tenant move', () => {
  const applied = async (id: string) =>
    applyTemplate(
      `${sandbox.origin}/aws`,
      await server.admin.file(`/connections/${id}/setup/cloudformation.json`),
    );
  const issOf = async (issuer: string, connection: { id: string }) => {
    const { status, body } = await askToken(issuer, withSecret(client, connection));
    if (status !== 200) return status;
    const [, claims = ''] = String(body.access_token).split('.');
    return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { iss: string }).iss;
  };

  test('moves each connection as soon as its cloud trusts the new issuer, and interrupts none', async () => {
    const { tenant, connection } = await tenantWith({});
    const { id } = connection;
    const { RoleArn } = await applied(id);
    await server.admin.patch(`/connections/${id}`, { target: { role_arn: RoleArn } });
    expect(await server.admin.post(`/connections/${id}/verify`)).toMatchObject({ verdict: 'active' });
    const idle = await server.admin.post<TestConnection>('/connections', {
      name: 'idle',
      tenant: tenant.id,
      cloud: 'azure',
    });

    const own = `${server.issuer}/t/${tenant.id}`;
    expect(
      await server.admin.post(`/tenants/${tenant.id}/move`, { own_issuer: true, own_keys: true }),
    ).toMatchObject({ id: tenant.id, issuer: own, own_issuer: true, own_keys: true });
    const remaining = async () =>
      (await server.admin.get<{ items: unknown[] }>(`/tenants/${tenant.id}/move`)).items;
    const toDo = (one: { id: string }, name: string, cloud: string) => ({
      connection: one.id,
      name,
      cloud,
      issuer: server.issuer,
    });
    expect(await remaining()).toEqual([toDo(connection, 'prod', 'aws'), toDo(idle, 'idle', 'azure')]);

    // The new set-up file is not applied yet: verification says so, and tokens still come from the old issuer.
    expect(await server.admin.post(`/connections/${id}/verify`)).toEqual({
      verdict: 'failing',
      state: 'active',
      retry_at: null,
      checks: [
        {
          name: 'issuer',
          condition: 'issuer_not_registered',
          outcome: 'failed',
          detail: `The cloud does not trust ${own} yet; tokens still come from ${server.issuer}.`,
          advice: 'Apply the set-up file again: it names the new issuer.',
        },
        expect.objectContaining({ name: 'target', outcome: 'passed' }),
        expect.objectContaining({
          name: 'exchange',
          outcome: 'propagating',
          detail: expect.stringMatching(/^cloud_issuer_unknown: /),
        }),
      ],
    });
    expect(await server.admin.get(`/connections/${id}`)).toMatchObject({
      state: 'active',
      issuer: server.issuer,
    });
    expect([await issOf(server.issuer, connection), await issOf(own, connection)]).toEqual([
      server.issuer,
      400,
    ]);

    await cloudFormationOf(sandbox.origin, account).send(new DeleteStackCommand({ StackName: 'sojourn' }));
    const again = await applied(id);
    await server.admin.patch(`/connections/${id}`, { target: { role_arn: again.RoleArn } });
    expect(await server.admin.post(`/connections/${id}/verify`)).toMatchObject({ verdict: 'active' });
    expect(await server.admin.get(`/connections/${id}`)).toMatchObject({ state: 'active', issuer: own });
    expect([await issOf(server.issuer, connection), await issOf(own, connection)]).toEqual([400, own]);
    expect(await remaining()).toEqual([toDo(idle, 'idle', 'azure')]);

    // During the move back, the tenant issuer still issues tokens.
    await server.admin.post(`/tenants/${tenant.id}/move`, { own_issuer: false });
    expect(await remaining()).toEqual([{ ...toDo(connection, 'prod', 'aws'), issuer: own }]);
    expect(await issOf(own, connection)).toBe(own);
  });

  test('gives no customer the directory of another at an application that customers share', async () => {
    const azure = (tenant: string, target: object) =>
      server.admin.post<TestConnection & { target: object }>('/connections', {
        ...{ name: 'directory', tenant, cloud: 'azure', target },
      });
    const application = '0b5c1a52-8f0e-4d2a-9a61-2f0c2c2f5a11';
    const [own, foreign] = ['11111111-2222-4333-8444-555555555555', '99999999-2222-4333-8444-555555555555'];
    const [one, other] = [(await tenantWith({})).tenant, (await tenantWith({})).tenant];
    const undeclared = await azure(other.id, { tenant_id: foreign, client_id: application });
    const shared = await azure(one.id, {
      tenant_id: own,
      client_id: application,
      consent_redirect_uri: 'https://vendor.example/consented',
    });
    for (const { tenant, connection } of [
      { tenant: one, connection: shared },
      { tenant: other, connection: undeclared },
    ]) {
      await server.admin.post(`/tenants/${tenant.id}/move`, { own_issuer: true });
      await server.admin.post(`/connections/${connection.id}/verify`);
      const { target, issuer, state } = await server.admin.get<{
        target: object;
        issuer: string;
        state: string;
      }>(`/connections/${connection.id}`);
      expect({ target, issuer, state }).toEqual({
        target: connection.target,
        issuer: server.issuer,
        // Entra cannot be reached here; without an exchange, nothing moves.
        state: expect.stringMatching(/^(pending|failing)$/),
      });
    }
    expect(await issOf(server.issuer, undeclared)).toBe(400);
  });

  test('cannot change whether an existing issuer has its own keys', async () => {
    const { tenant } = await tenantWith({ own_issuer: true });
    const message = 'cannot change: the issuer of this tenant has its keys already';
    const body = { own_issuer: true, own_keys: true };
    expect(await plain(ask(`POST /tenants/${tenant.id}/move`, { body }))).toEqual(
      problem(400, 'invalid_request', `own_keys: ${message}`, [{ field: 'own_keys', message }]),
    );
  });
});

describe('the keys of a tenant issuer', () => {
  test('survive a restart with the stored or the local ring alone, and are not replaced if both are lost', async () => {
    const first = await testServer();
    const { folder } = first;
    const make = async (name: string) => {
      const tenant = await first.admin.post<Tenant>('/tenants', { name, own_issuer: true, own_keys: true });
      await first.admin.post('/connections', { name: 'p', tenant: tenant.id, cloud: 'aws' });
      return tenant;
    };
    const [storeOnly, fileOnly, lost] = [await make('store'), await make('file'), await make('lost')];
    const kids = await Promise.all([storeOnly, fileOnly].map(({ issuer }) => kidsAt(issuer)));
    const { port } = new URL(first.issuer);
    await first.stop();

    const store = await openStore(`sqlite:${join(folder, 'sojourn.db')}`, {
      logger: undefined as never,
      now: Date.now,
    });
    for (const { id } of [fileOnly, lost])
      await store.remove('ring', id, (await store.get('ring', id))!.version);
    await store.close();
    for (const { id } of [storeOnly, lost]) await rm(join(folder, 'keys', `${id}.json`));

    const second = await testServer({ folder, port: Number(port) });
    expect(await Promise.all([storeOnly, fileOnly].map(({ issuer }) => kidsAt(issuer)))).toEqual(kids);
    expect(await documentOf(`${lost.issuer}/jwks`)).toMatchObject({
      status: 503,
      body: { code: 'keys_unavailable', detail: 'The keys of this issuer cannot be used.' },
    });
    expect(existsSync(join(folder, 'keys', `${lost.id}.json`))).toBe(false);
    // A lost ring does not hide the connections that a leaked key of another ring affects.
    const [leaked] = await kidsAt(second.issuer);
    expect(await second.admin.get(`/keys/${leaked}/impact`)).toEqual({ items: [], next: null });
    expect(existsSync(join(folder, 'keys', `${storeOnly.id}.json`))).toBe(true);
    await second.close();
  });
});
