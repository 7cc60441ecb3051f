/** Two server processes with one issuer on one Redis: each sees the changes of the other at once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../src/sandbox/demo/http.ts';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { acceptOnce } from './accept-once.ts';
import type { ServerProcess } from './process.ts';
import { newFolder, redisStore, server, steadyPort } from './stage.ts';

interface Keys {
  readonly items: readonly { readonly kid: string; readonly alg: string; readonly state: string }[];
}

let one: ServerProcess;
let other: ServerProcess;

beforeAll(async () => {
  const store = await redisStore();
  const port = await steadyPort();
  one = await server({ folder: await newFolder(), port, ...store });
  other = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    issuerPort: port,
    ...store,
  });
}, 120_000);

/** A token from the replica, and who signed it. */
async function tokenFrom({ origin }: ServerProcess, form: Record<string, string>) {
  const { status, body } = await askToken(origin, form);
  expect({ status, body }).toEqual({
    status: 200,
    body: { access_token: expect.any(String), token_type: 'Bearer', expires_in: 300 },
  });
  const [header = '', claims = ''] = String(body.access_token).split('.');
  const read = (part: string) =>
    JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>;
  return { header: read(header), claims: read(claims) };
}

const documentsOf = ({ origin }: ServerProcess) =>
  Promise.all(['/jwks', '/.well-known/openid-configuration'].map((path) => call({ url: origin + path })));

describe('two replicas', () => {
  test('serve the same documents, byte for byte', async () => {
    const documents = await documentsOf(one);
    expect(documents.map(({ status }) => status)).toEqual([200, 200]);
    expect(await documentsOf(other)).toEqual(documents);
  });

  test('accept at once a client and a connection that the other replica created', async () => {
    for (const [made, used] of [
      [one, other],
      [other, one],
    ] as const) {
      const { client, connection } = await oneConnection(made);
      const { claims } = await tokenFrom(used, withSecret(client, connection));
      expect(claims).toMatchObject({ iss: one.issuer, sub: connection.subject, aud: connection.audience });
    }
  });

  test('refuse at once a connection that is disabled through the other replica, and accept it once enabled', async () => {
    const { client, connection } = await oneConnection(one);
    const form = withSecret(client, connection);
    await tokenFrom(other, form);
    const api = await askToken(one.origin, { ...form, resource: 'urn:sojourn:api' });
    const atApi = {
      url: `${other.origin}/v1/connections/${connection.id}/token`,
      headers: { authorization: `Bearer ${String(api.body.access_token)}` },
    };
    expect((await call(atApi)).status).toBe(200);
    await one.admin.post(`/connections/${connection.id}/disable`);
    const refused = await call(atApi);
    expect({ status: refused.status, body: JSON.parse(refused.body) }).toEqual({
      status: 409,
      body: {
        type: 'urn:sojourn:error:connection_disabled',
        title: 'Conflict',
        status: 409,
        code: 'connection_disabled',
        detail: 'The connection is disabled.',
        advice: 'Enable it with `sojourn connection enable ID`.',
        request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      },
    });
    expect(await askToken(other.origin, form)).toEqual({
      status: 400,
      body: {
        error: 'invalid_target',
        error_description: 'The connection is disabled. Enable it with `sojourn connection enable ID`.',
      },
    });
    await one.admin.post(`/connections/${connection.id}/enable`);
    await tokenFrom(other, form);
  });

  test('refuse at once a connection that is paused through the other replica, and accept it once resumed', async () => {
    const { client, connection } = await oneConnection(one);
    const form = withSecret(client, connection);
    await tokenFrom(other, form);
    const { url } = await one.admin.post<{ url: string }>(`/connections/${connection.id}/invitations`);
    const page = new URL(url).pathname;
    const press = async (at: { origin: string }, name: string) =>
      (await fetch(`${at.origin}${page}/${name}`, { method: 'POST', redirect: 'manual' })).status;
    expect(await press(one, 'pause')).toBe(303);
    expect(await askToken(other.origin, form)).toEqual({
      status: 400,
      body: {
        error: 'invalid_target',
        error_description:
          'The customer paused the connection. Ask the customer to resume it on the page of their invitation; only the customer can.',
      },
    });
    expect(await press(other, 'resume')).toBe(303);
    await tokenFrom(one, form);
  });

  test('refuse at once a client that is disabled through the other replica', async () => {
    const { client, connection } = await oneConnection(one);
    await tokenFrom(other, withSecret(client, connection));
    await one.admin.patch(`/clients/${client.client_id}`, { disabled: true });
    const { status, body } = await askToken(other.origin, withSecret(client, connection));
    expect({ status, error: body.error }).toEqual({ status: 401, error: 'invalid_client' });
  });

  test('follow a rotation through the other replica, and then sign with the same key', async () => {
    const { client, connection } = await oneConnection(one);
    // Published for a second before it may sign, in this configuration.
    await sleep(1_500);
    const before = await one.admin.get<Keys>('/keys');
    const after = await one.admin.post<Keys>('/keys/rotate');
    const active = ({ items }: Keys) =>
      items.find(({ alg, state }) => alg === connection.algorithm && state === 'active')?.kid;
    expect(active(after)).not.toBe(active(before));
    const asIn = JSON.stringify(after);
    while (JSON.stringify(await other.admin.get<Keys>('/keys')) !== asIn) await sleep(100);
    expect(await documentsOf(other)).toEqual(await documentsOf(one));
    for (const replica of [one, other]) {
      const { header } = await tokenFrom(replica, withSecret(client, connection));
      expect(header).toEqual({ alg: connection.algorithm, typ: 'JWT', kid: active(after) });
    }
    const { keys } = JSON.parse((await call({ url: `${other.origin}/jwks` })).body) as {
      keys: { kid: string }[];
    };
    // What was signed before still verifies.
    expect(keys.map(({ kid }) => kid)).toContain(active(before));
  }, 60_000);

  test('accept each of 50 assertions once when each is posted 10 times to both', async () => {
    await acceptOnce(one, other);
  }, 120_000);
});
