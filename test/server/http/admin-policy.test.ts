import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { oneConnection, type TestServer, testServer } from '../../support/server.ts';
import { type Ask, asking, byAdmin, moment, newestLine, plain, problem } from './ask.ts';

let server: TestServer;
let ask: Ask;
let connection: string;
let client: string;

beforeAll(async () => {
  server = await testServer();
  ask = asking(server);
  const one = await oneConnection(server, { cloud: 'aws', purposes: { deploy: { duration_seconds: 900 } } });
  connection = one.connection.id;
  client = one.client.client_id;
});
afterAll(() => server.close());

const guard = { name: 'deploy-only', match: { cloud: 'aws' }, require: { purposes: ['deploy'] } };

describe('PUT /policy', () => {
  test('replaces the empty first version, and then every previous version', async () => {
    const empty = { version: 0, guards: [], updated_at: null };
    expect(await plain(ask('GET /policy'))).toEqual({ status: 200, body: empty });
    const first = { version: 1, guards: [{ ...guard, mode: 'enforce' }], updated_at: moment };
    expect(await plain(ask('PUT /policy', { body: { version: 0, guards: [guard] } }))).toEqual({
      status: 200,
      body: first,
    });
    expect(await newestLine(ask)).toEqual({
      event: 'policy.updated',
      ...byAdmin,
      facts: { version: 1, guards: 1 },
    });
    expect(await plain(ask('GET /policy'))).toEqual({ status: 200, body: first });
    expect((await ask('PUT /policy', { body: { version: 1, guards: [] } })).body).toEqual({
      version: 2,
      guards: [],
      updated_at: moment,
    });
  });

  test('does not overwrite a policy that another request has changed', async () => {
    const before = (await ask('GET /policy')).body;
    const audited = await newestLine(ask);
    for (const version of [0, 1, 3])
      expect(await plain(ask('PUT /policy', { body: { version, guards: [guard] } }))).toEqual(
        problem(409, 'version_conflict', 'Another request changed this object in the meantime.'),
      );
    expect((await ask('GET /policy')).body).toEqual(before);
    expect(await newestLine(ask)).toEqual(audited);
  });

  test('accepts exactly one of ten concurrent requests', async () => {
    const { version } = (await ask('GET /policy')).body as { version: number };
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        ask('PUT /policy', { body: { version, guards: [{ ...guard, name: `g${i}` }] } }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, ...Array(9).fill(409)]);
    const { guards } = (await ask('GET /policy')).body as { guards: { name: string }[] };
    expect(guards.map(({ name }) => name)).toEqual([`g${answers.findIndex(({ status }) => status === 200)}`]);
  });

  const nowhere = 'con_00000000000000000000000000';
  const tenant = 'ten_00000000000000000000000000';
  test.each<[unknown, string, string]>([
    [{ ...guard, name: 'A' }, 'guards.0.name', 'must be a name of lower-case letters, digits and hyphens'],
    [{ ...guard, match: { env: 'prod' } }, 'guards.0.match.env', 'is not known here'],
    [
      { ...guard, match: { connection: nowhere } },
      'guards.0.match.connection',
      'there is no such connection',
    ],
    [{ ...guard, match: { tenant } }, 'guards.0.match.tenant', 'there is no such tenant'],
    [
      { ...guard, match: { connection: nowhere, cloud: 'aws' } },
      'guards.0.match.connection',
      'cannot be combined with other selectors',
    ],
    [{ ...guard, match: { labels: {} } }, 'guards.0.match.labels', 'must name a label'],
    [{ ...guard, require: {} }, 'guards.0.require', 'must contain claims, methods, hours or purposes'],
    [{ ...guard, require: { claims: {} } }, 'guards.0.require.claims', 'must name a claim'],
    [
      { ...guard, require: { claims: { ref: '*' } } },
      'guards.0.require.claims.ref',
      'must not contain *; for a pattern, write {"glob": "…"}',
    ],
    [
      { ...guard, require: { methods: ['password'] } },
      'guards.0.require.methods.0',
      'must be one of client_secret, private_key_jwt, federated, tls',
    ],
    [{ ...guard, require: { purposes: [] } }, 'guards.0.require.purposes', 'must name a purpose'],
    [{ ...guard, mode: 'warn' }, 'guards.0.mode', 'must be enforce or audit'],
    [{ ...guard, match: JSON.parse('{"__proto__":{}}') }, 'guards.0.match.__proto__', 'is not known here'],
    [
      { ...guard, require: JSON.parse('{"claims":{"ref":"main","__proto__":"x"}}') },
      'guards.0.require.claims.__proto__',
      'is not known here',
    ],
  ])('rejects the guard %j and keeps the current policy', async (wrong, path, message) => {
    const before = (await ask('GET /policy')).body as { version: number };
    const { version } = before;
    expect(await plain(ask('PUT /policy', { body: { version, guards: [wrong] } }))).toEqual({
      status: 400,
      body: expect.objectContaining({ code: 'invalid_request', errors: [{ field: path, message }] }),
    });
    expect((await ask('GET /policy')).body).toEqual(before);
  });

  test('rejects duplicate guard names and more than 100 guards', async () => {
    const { version } = (await ask('GET /policy')).body as { version: number };
    const refused = async (guards: unknown) =>
      ((await ask('PUT /policy', { body: { version, guards } })).body as { errors: unknown }).errors;
    expect(await refused([guard, { ...guard, mode: 'audit' }])).toEqual([
      { field: 'guards.1.name', message: 'is already the name of another guard' },
    ]);
    const many = Array.from({ length: 101 }, (_, i) => ({ ...guard, name: `g${i}` }));
    expect(await refused(many)).toEqual([{ field: 'guards', message: 'must be 100 guards at most' }]);
  });
});

describe('GET /clients/ID/access/CONNECTION', () => {
  const decided = async (query = '') =>
    (await ask(`GET /clients/${client}/access/${connection}${query}`)).body as Record<string, unknown>;
  const rule = () => ({ connection, index: 0 });
  const plainly = {
    guard: null,
    unmet_conditions: [],
    purpose: null,
    purposes: [],
    audit_violations: [],
    approval: null,
  };

  test('explains the decision for a purpose, claims and a time', async () => {
    const { version } = (await ask('GET /policy')).body as { version: number };
    const hours = { from: '08:00', to: '18:00', days: ['mon'], time_zone: 'Europe/Berlin' };
    const guards = [
      guard,
      { name: 'at-work', match: { connection }, require: { hours } },
      { name: 'from-main', match: {}, require: { claims: { ref: 'main' } }, mode: 'audit' },
    ];
    expect((await ask('PUT /policy', { body: { version, guards } })).status).toBe(200);
    const monday = 'at=2026-11-23T12:00:00%2B01:00';
    const yes = { ...plainly, allowed: true, reason: 'rule_matched', rule: rule(), purpose: 'deploy' };
    expect(await decided(`?${monday}`)).toEqual({ ...yes, audit_violations: ['from-main'] });
    expect(await decided(`?${monday}&purpose=deploy&claims=%7B%22ref%22:%22main%22%7D`)).toEqual(yes);
    expect(await decided('?at=2026-11-22T12:00:00Z')).toEqual({
      ...plainly,
      allowed: false,
      reason: 'guard_refused',
      rule: rule(),
      guard: 'deploy-only',
      unmet_conditions: ['purposes'],
    });
    expect(await decided('?at=2026-11-22T12:00:00Z&purpose=deploy')).toEqual({
      ...plainly,
      allowed: false,
      reason: 'guard_refused',
      rule: rule(),
      guard: 'at-work',
      unmet_conditions: ['hours'],
    });
    expect(await decided(`?${monday}&purpose=paint`)).toEqual({
      ...plainly,
      allowed: false,
      reason: 'purpose_not_allowed',
      rule: rule(),
      unmet_conditions: ['purposes'],
    });
  });

  test('adds the suspension of the server, or else of the tenant, to the decision', async () => {
    const reason = 'leak';
    const at = { since: moment, reason };
    const { tenant } = (await ask(`GET /connections/${connection}`)).body as { tenant: string };
    const before = await decided();
    await ask('POST /issuing/suspend', { body: { reason, tenant } });
    expect(await decided()).toEqual({ ...before, suspension: { tenant, ...at } });
    await ask('POST /issuing/suspend', { body: { reason } });
    expect(await decided()).toEqual({ ...before, suspension: { tenant: null, ...at } });
    for (const body of [{ reason, tenant }, { reason }]) await ask('POST /issuing/resume', { body });
    expect(await decided()).toEqual(before);
  });

  test.each([
    ['at=today', 'at', 'must be a time such as 2027-01-31T12:00:00Z'],
    ['claims=x', 'claims', 'must be JSON'],
    ['claims=%7B%22ref%22:1%7D', 'claims.ref', 'must be a text'],
  ])('rejects the query %s', async (query, field, message) => {
    expect(await decided(`?${query}`)).toMatchObject({
      code: 'invalid_request',
      errors: [{ field, message }],
    });
  });
});
