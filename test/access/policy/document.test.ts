/** The stored policy document: visibility on replicas, cost of reads, and failures of the store. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from '../../../src/access/clients/index.ts';
import type { Connection } from '../../../src/access/connections/index.ts';
import { createPolicy, type Policy } from '../../../src/access/policy/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import { aMinuteLater, createModules, type Modules } from '../../support/modules.ts';

let bench: Modules;
let connection: Connection;
let client: Client;
beforeEach(async () => {
  bench = await createModules();
  const tenant = (await bench.tenants.create({ name: 'Acme' })).id;
  connection = await bench.connections.create({ name: 'prod', tenant, cloud: 'aws' });
  ({ client } = await bench.clients.create({ name: 'service', may_use: [{ tenant }] }));
});
afterEach(() => bench.end());

const federatedOnly = { name: 'federated-only', match: {}, require: { methods: ['federated'] } };
const question = () => ({ client, connection, claims: {} });
const reasonOf = async (policy: Policy) => (await policy.explain(question())).reason;

/** Another replica on the same store, and its calls to the store. */
function replica() {
  const asked: string[] = [];
  const { store, connections, tenants, clock } = bench;
  const watched = new Proxy(store, {
    get: (target, name: keyof Store) => {
      asked.push(String(name));
      return target[name];
    },
  });
  const policy = createPolicy({
    store: watched,
    connections,
    tenants,
    approvals: bench.approvals,
    audit: bench.audit(),
    now: () => clock.ms,
  });
  return { policy, asked };
}

describe('the policy document', () => {
  test('applies on every replica at once after it is replaced on one', async () => {
    const { policy } = replica();
    expect(await reasonOf(policy)).toBe('rule_matched');
    bench.clock.ms += 60_000;
    const replaced = await bench.policy.replace({ version: 0, guards: [federatedOnly] });
    expect(replaced).toEqual({
      version: 1,
      guards: [{ ...federatedOnly, mode: 'enforce' }],
      updated_at: aMinuteLater,
    });
    expect(await policy.document()).toEqual(replaced);
    expect(await reasonOf(policy)).toBe('guard_refused');
    await policy.replace({ version: 1, guards: [] });
    expect(await reasonOf(bench.policy)).toBe('rule_matched');
    expect(await reasonOf(policy)).toBe('rule_matched');
  });

  test('costs one read of its version per decision, and is read in full only after a change', async () => {
    const { policy, asked } = replica();
    await bench.policy.replace({ version: 0, guards: [federatedOnly] });
    for (let i = 0; i < 3; i++) await reasonOf(policy);
    expect(asked).toEqual(['versions', 'get', 'versions', 'versions']);
  });

  test('stays as it is if the input replaces another version than the current one', async () => {
    const replaced = await bench.policy.replace({ version: 0, guards: [federatedOnly] });
    for (const version of [0, 2])
      await expect(bench.policy.replace({ version, guards: [] })).rejects.toMatchObject({
        code: 'version_conflict',
      });
    expect(await bench.policy.document()).toEqual(replaced);
  });

  test('is rejected if a guard matches a connection or tenant that does not exist', async () => {
    const otherThan = (id: string) => id.slice(0, -1) + (id.endsWith('0') ? '1' : '0');
    const guardFor = (name: string, match: object) => ({ ...federatedOnly, name, match });
    const guards = [
      guardFor('present', { connection: connection.id }),
      guardFor('no-connection', { connection: otherThan(connection.id) }),
      guardFor('no-tenant', { tenant: otherThan(connection.tenant) }),
      guardFor('of-the-tenant', { tenant: connection.tenant }),
    ];
    await expect(bench.policy.replace({ version: 0, guards })).rejects.toMatchObject({
      code: 'invalid_request',
      faults: [
        { path: 'guards.1.match.connection', message: 'there is no such connection' },
        { path: 'guards.2.match.tenant', message: 'there is no such tenant' },
      ],
    });
    expect(await bench.policy.document()).toMatchObject({ version: 0, guards: [] });
    const present = [guards[0], guards[3]];
    expect(await bench.policy.replace({ version: 0, guards: present })).toMatchObject({ version: 1 });
  });

  test('is required: while the store does not answer, every request is refused', async () => {
    expect(await reasonOf(bench.policy)).toBe('rule_matched');
    await bench.store.close();
    await expect(bench.policy.explain(question())).rejects.toMatchObject({ code: 'store_unavailable' });
    const wish = {
      client,
      connection: connection.id,
      claims: {},
      context: { source_ip: '127.0.0.1', request_id: 'r' },
    };
    await expect(bench.policy.authorize(wish)).rejects.toMatchObject({ code: 'store_unavailable' });
  });
});

describe('a saved rule', () => {
  const rule = { cloud: 'aws' };
  const forms =
    'must be {"connection": "con_…"}, or one or more of {"tenant": "ten_…", "cloud": "aws", "labels": {…}}';
  test.each<[object]>([
    [{ ...rule, purposes: ['deploy'] }],
    [{ ...rule, when: { methods: ['federated', 'client_secret'] } }],
    [{ ...rule, when: { hours: { from: '22:00', to: '06:00', time_zone: 'UTC' } } }],
    [{ ...rule, when: { claims: { ref: { glob: 'refs/heads/*' }, '/a/b': 'c' } } }],
  ])('keeps its conditions: %j', async (given) => {
    const { client: made } = await bench.clients.create({ name: 'x', may_use: [given] });
    expect((await bench.clients.get(made.client_id)).may_use).toEqual([given]);
  });

  test.each<[unknown, string, string]>([
    [{ when: { methods: ['federated'] } }, '', forms],
    [{ purposes: ['deploy'] }, '', forms],
    [{ ...rule, when: {} }, '.when', 'must name claims, methods or hours'],
    [{ ...rule, when: { claims: {} } }, '.when.claims', 'must name a claim'],
    [{ ...rule, when: { purposes: ['x'] } }, '.when.purposes', 'is not known here'],
    [{ ...rule, purposes: [] }, '.purposes', 'must name a purpose'],
    [
      { ...rule, purposes: ['Deploy'] },
      '.purposes.0',
      'must be a name of lower-case letters, digits and hyphens that begins with a letter',
    ],
    [
      { ...rule, when: { methods: ['password'] } },
      '.when.methods.0',
      'must be one of client_secret, private_key_jwt, federated, tls',
    ],
    [
      { ...rule, when: { hours: { from: '08:00', to: '18:00', time_zone: 'Mars/Olympus' } } },
      '.when.hours.time_zone',
      'must be a time zone such as Europe/Berlin',
    ],
  ])('cannot be %j', async (given, path, message) => {
    await expect(bench.clients.create({ name: 'x', may_use: [given] })).rejects.toMatchObject({
      faults: [{ path: `may_use.0${path}`, message }],
    });
    expect((await bench.clients.list({ limit: 10 })).items).toEqual([client]);
  });
});
