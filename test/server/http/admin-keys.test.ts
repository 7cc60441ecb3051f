import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { oneConnection, type TestServer, testServer } from '../../support/server.ts';
import { type Ask, type Asked, asking, byAdmin, moment, newestLine, plain, problem } from './ask.ts';

interface Key {
  readonly kid: string;
  readonly alg: string;
  readonly state: string;
}

let server: TestServer;
let ask: Ask;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
});
afterAll(() => server.close());

const keys = async (request: string, asked?: Asked): Promise<readonly Key[]> =>
  ((await ask(request, asked)).body as { items: Key[] }).items;
const kidsOf = (list: readonly Key[], state: string) =>
  list.filter((key) => key.state === state).map(({ kid }) => kid);

describe('the keys API', () => {
  test('lists keys with their states and times, and nothing private', async () => {
    const { status, body } = await ask('GET /keys');
    const key = (alg: string, state: string) => ({
      kid: expect.any(String),
      alg,
      state,
      published_at: moment,
      activate_at: null,
      activated_at: state === 'active' ? moment : null,
      retired_at: null,
      revoked_at: null,
    });
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        items: expect.arrayContaining([
          key('RS256', 'active'),
          key('RS256', 'next'),
          key('ES256', 'active'),
          key('ES256', 'next'),
        ]),
      },
    });
    expect((body as { items: Key[] }).items).toHaveLength(4);
  });

  test('activates the next keys and retires the active ones at a rotation, in the list and in the JWKS', async () => {
    await wait(1_100);
    const before = await keys('GET /keys');
    const after = await keys('POST /keys/rotate');
    expect(kidsOf(after, 'active').toSorted()).toEqual(kidsOf(before, 'next').toSorted());
    expect(kidsOf(after, 'retired').toSorted()).toEqual(kidsOf(before, 'active').toSorted());
    expect(await newestLine(ask)).toEqual({
      event: 'key.rotation_requested',
      ...byAdmin,
      facts: { override: false },
    });
    const { body } = await ask('GET /audit?event=key.activated&limit=2');
    expect((body as { items: unknown[] }).items).toEqual(
      kidsOf(after, 'active').map(() =>
        expect.objectContaining({ event: 'key.activated', actor: 'system', kid: expect.any(String) }),
      ),
    );
  });

  test('refuses a rotation before the next keys are published long enough, and says when it is possible', async () => {
    const before = (await ask('GET /keys')).text;
    const answer = await ask('POST /keys/rotate');
    expect({ status: answer.status, body: answer.body }).toEqual({
      status: 409,
      body: expect.objectContaining({
        code: 'key_not_ready',
        detail: expect.stringMatching(/^The next \w+256 key [\w-]+ may not sign before [\dTZ:.-]+\.$/),
      }),
    });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect((await ask('GET /keys')).text).toBe(before);
  });

  test('schedules and cancels a rotation, and records both in the audit', async () => {
    const before = await keys('GET /keys');
    const at = new Date(Date.now() + 86_400_000).toISOString();
    const planned = await keys('POST /keys/rotate', { body: { activate_at: at } });
    expect(planned).toEqual(before.map((key) => ({ ...key, activate_at: key.state === 'next' ? at : null })));
    expect(await newestLine(ask)).toEqual({
      event: 'key.rotation_scheduled',
      ...byAdmin,
      facts: { activate_at: at },
    });
    expect(await keys('POST /keys/cancel-rotation')).toEqual(before);
    expect(await newestLine(ask)).toEqual({ event: 'key.rotation_cancelled', ...byAdmin });
  });

  test.each([
    [{ activate_at: '2020-01-01T00:00:00Z' }, 'activate_at', 'must be in the future'],
    [{ activate_at: 'tomorrow' }, 'activate_at', 'must be a time such as 2027-01-31T02:00:00Z'],
    [{ when: 1 }, 'when', 'is not known here'],
  ])('rejects the rotation %j and changes nothing', async (body, field, message) => {
    const before = (await ask('GET /keys')).text;
    expect(await plain(ask('POST /keys/rotate', { body }))).toEqual(
      problem(400, 'invalid_request', `${field}: ${message}`, [{ field, message }]),
    );
    expect((await ask('GET /keys')).text).toBe(before);
  });

  test('removes a revoked key from the JWKS at once, and keeps it in the list', async () => {
    const [kid = ''] = kidsOf(await keys('GET /keys'), 'retired');
    const { body: revoked } = await ask(`POST /keys/${kid}/revoke`);
    const { items: after, impact_url } = revoked as { items: Key[]; impact_url: string };
    expect(impact_url).toBe(`/admin/v1/keys/${kid}/impact`);
    expect(after.find((key) => key.kid === kid)).toEqual(
      expect.objectContaining({ kid, state: 'revoked', revoked_at: moment, retired_at: null }),
    );
    expect(await newestLine(ask)).toEqual({ event: 'key.revocation_requested', ...byAdmin, kid });
    expect(await (await fetch(`${server.issuer}/jwks`)).text()).not.toContain(kid);
  });

  test('lists for a leaked key every connection whose cloud accepts its algorithm, with the steps for the customer', async () => {
    const { connection } = await oneConnection(server);
    const azure = await server.admin.post<{ id: string }>('/connections', {
      name: 'entra',
      tenant: connection.tenant,
      cloud: 'azure',
    });
    const list = (await keys('GET /keys')).filter(({ state }) => state === 'active');
    const touched = async (alg: string) => {
      const { kid = '' } = list.find((key) => key.alg === alg) ?? {};
      const { body } = await ask(`GET /keys/${kid}/impact`);
      return body as { items: Record<string, unknown>[]; next: string | null };
    };
    const rs = await touched('RS256');
    expect(rs.items.map((item) => item.connection)).toEqual([connection.id, azure.id]);
    expect(rs.items[0]).toEqual({
      connection: connection.id,
      name: 'prod',
      tenant: connection.tenant,
      cloud: 'aws',
      trusted_for: expect.stringMatching(/^Minutes: /),
      steps: expect.arrayContaining([
        {
          instruction: 'Block all access: the provider then accepts no token.',
          command: expect.stringContaining(`:oidc-provider/${server.issuer.replace('http://', '')} `),
        },
      ]),
    });
    expect(rs.items[1]?.steps).toEqual([]);
    // Entra takes no ES256 token, so nobody gets into Azure with that key.
    expect((await touched('ES256')).items.map((item) => item.connection)).toEqual([connection.id]);
  });

  test('answers 404 to a revocation or impact query for an unknown key', async () => {
    for (const request of ['POST /keys/nobody/revoke', 'GET /keys/nobody/impact']) {
      expect(await plain(ask(request))).toEqual(problem(404, 'key_not_found', 'There is no key nobody.'));
    }
  });
});
