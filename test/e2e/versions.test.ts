/** State of other versions: that of an earlier one is read, and a document that a newer one restricted is not served. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { call } from '../../src/sandbox/demo/http.ts';
import { askToken, type TestClient, withSecret } from '../support/server.ts';
import { backends, fixtures, type StoredState, startStored } from './stored-state.ts';

interface Items {
  readonly items: readonly Readonly<Record<string, unknown>>[];
}

const [newest = ''] = (await fixtures()).toSorted().reverse();

const token = ({ running, client }: StoredState, connection: string, by: TestClient = client) =>
  askToken(running.origin, withSecret(by, { id: connection }));

async function apiToken({ running, client }: StoredState): Promise<string> {
  const answer = await askToken(running.origin, { ...withSecret(client), resource: 'urn:sojourn:api' });
  return String(answer.body.access_token);
}

async function exchange({ running }: StoredState, connection: string, bearer: string) {
  const { status, body } = await call({
    url: `${running.origin}/v1/connections/${connection}/token`,
    headers: { authorization: `Bearer ${bearer}` },
  });
  return { status, body: JSON.parse(body) as Record<string, unknown> };
}

describe.each((await fixtures()).flatMap((name) => backends.map((backend) => [name, backend] as const)))(
  'the state %s on %s',
  (fixture, backend) => {
    let state: StoredState;
    beforeAll(async () => {
      state = await startStored(fixture, backend);
    }, 60_000);

    test('is read: tokens, restrictions, documents and audit log', async () => {
      const { admin } = state.running;
      expect(await token(state, state.plain)).toMatchObject({ status: 200 });
      expect(await token(state, state.approved)).toMatchObject({
        status: 400,
        body: { error: 'invalid_target', error_description: expect.stringContaining('needs an approval') },
      });
      expect(await token(state, state.restricted)).toMatchObject({ status: 400 });
      const counts = { tenants: 2, clients: 4, connections: 6, approvals: 1, keys: 4 };
      for (const [name, count] of Object.entries(counts))
        expect([name, (await admin.get<Items>(`/${name}`)).items.length]).toEqual([name, count]);
      expect(await admin.get('/issuing')).toMatchObject({
        items: [{ tenant: state.own, reason: 'fixture' }],
      });
      expect(await admin.get('/policy')).toMatchObject({ version: 1, guards: [{ name: 'prod-hours' }] });
      const { items } = await admin.get<Items>('/audit?event=tenant.created');
      expect(items).toHaveLength(2);
      for (const { id } of (await admin.get<Items>('/connections')).items)
        expect(await admin.get(`/connections/${String(id)}`)).toMatchObject({ id });
      for (const { client_id } of (await admin.get<Items>('/clients')).items)
        expect(await admin.get(`/clients/${String(client_id)}`)).toMatchObject({ client_id });
    }, 60_000);
  },
);

describe.each(backends)('a document of a newer version on %s', (backend) => {
  let state: StoredState;
  let bearer: string;
  beforeAll(async () => {
    state = await startStored(newest, backend);
    bearer = await apiToken(state);
  }, 60_000);

  const refusal = {
    error: 'temporarily_unavailable',
    error_description:
      'This server cannot decide on the request. Try again: another replica may answer. The log of the server has the reason.',
  };

  test.each<[string, string, (state: StoredState) => string, (value: never) => object, string]>([
    [
      'a field of a connection',
      'connection',
      ({ plain }) => plain,
      (value: object) => ({ ...value, two_persons: true }),
      'two_persons',
    ],
    [
      'a value of a field of a connection',
      'connection',
      ({ plain }) => plain,
      (value: object) => ({ ...value, approval: 'two_persons' }),
      'approval',
    ],
    [
      'a field of a target',
      'connection',
      ({ plain }) => plain,
      (value: { target: object }) => ({
        ...value,
        target: { ...value.target, permissions_boundary: 'arn:x' },
      }),
      'target.permissions_boundary',
    ],
    [
      'a field of a purpose',
      'connection',
      ({ plain }) => plain,
      (value: object) => ({ ...value, purposes: { read: { session_policy: {}, network: 'a' } } }),
      'purposes.read.network',
    ],
    [
      'a condition of a rule',
      'client',
      ({ client }) => client.client_id,
      (value: { may_use: object[] }) => ({
        ...value,
        may_use: value.may_use.map((rule) => ({ ...rule, when: { network: '10.0.0.0/8' } })),
      }),
      'may_use.0.when.network',
    ],
    [
      'a condition of a guard',
      'policy',
      () => 'policy',
      (value: object) => ({
        ...value,
        guards: [{ name: 'new', match: {}, require: { network: '10.0.0.0/8' }, mode: 'enforce' }],
      }),
      'guards.0.require.network',
    ],
    [
      'a mode of a guard',
      'policy',
      () => 'policy',
      (value: object) => ({
        ...value,
        guards: [{ name: 'new', match: {}, require: { purposes: ['read'] }, mode: 'always' }],
      }),
      'guards.0.mode',
    ],
    [
      'a field of a suspension',
      'suspension',
      ({ own }) => own,
      (value: object) => ({ ...value, resumed_at: 'x', except: [] }),
      'except',
    ],
  ])(
    'with %s is not served, and log and audit say why',
    async (_, type, idOf, change, part) => {
      const id = idOf(state);
      const connection = type === 'suspension' ? await ownConnection() : state.plain;
      let before: object = {};
      await state.change(type, id, (value) => {
        before = value;
        return change(value as never);
      });
      expect(await token(state, connection)).toEqual({ status: 503, body: refusal });
      expect(await exchange(state, connection, bearer)).toEqual({
        status: 503,
        body: expect.objectContaining({
          code: 'document_unknown',
          detail: 'This server cannot decide on the request.',
        }),
      });
      const reason = `document_unknown: the ${type} ${id} has ${part}, which this version of Sojourn does not know and which may restrict access: upgrade this server`;
      const { items } = await state.running.admin.get<Items>('/audit?limit=2');
      expect(items.map((line) => line.reason)).toEqual([reason, reason]);
      expect(state.running.output()).toContain(`the ${type} ${id} has ${part}, which this version`);
      await state.change(type, id, () => before);
      if (type !== 'suspension') expect(await token(state, connection)).toMatchObject({ status: 200 });
    },
    60_000,
  );

  test('with a field of an approval is not served, even if it is granted', async () => {
    const { admin } = state.running;
    await token(state, state.approved);
    const [approval] = (await admin.get<Items>('/approvals')).items;
    const id = String(approval?.id);
    await admin.post(`/approvals/${id}/grant`, { duration: '1h' });
    expect(await token(state, state.approved)).toMatchObject({ status: 200 });
    await state.change('approval', id, (value) => ({ ...value, second_decision: null }));
    expect(await token(state, state.approved)).toEqual({ status: 503, body: refusal });
    expect(await exchange(state, state.approved, bearer)).toMatchObject({ status: 503 });
  }, 60_000);

  test('of a tenant stops no documents: clouds verify tokens with them', async () => {
    await state.change('tenant', state.own, (value) => ({ ...value, region: 'eu' }));
    for (const path of ['jwks', '.well-known/openid-configuration'])
      expect((await call({ url: `${state.running.origin}/t/${state.own}/${path}` })).status).toBe(200);
  }, 60_000);

  async function ownConnection(): Promise<string> {
    const { items } = await state.running.admin.get<Items>('/connections');
    return String(items.find(({ tenant }) => tenant === state.own)?.id);
  }
});
