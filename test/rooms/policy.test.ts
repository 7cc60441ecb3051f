import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Client, Rule as ClientRule } from '../../src/clients/index.ts';
import type { Connection } from '../../src/connections/index.ts';
import { admit, admits, explain, mayUse, onlyConnection } from '../../src/policy/index.ts';
import { type RoomsBench, roomsBench } from './bench.ts';

/** Two customers; a1 and a2 belong to the first, b1 to the second. */
const names = ['a1', 'a2', 'b1'] as const;
type Name = (typeof names)[number];

let bench: RoomsBench;
let ids: Record<Name, string>;
let tenants: Record<'a' | 'b' | 'empty', string>;
beforeEach(async () => {
  bench = await roomsBench();
  const tenant = async (name: string) => (await bench.tenants.create({ name })).id;
  tenants = { a: await tenant('A'), b: await tenant('B'), empty: await tenant('Empty') };
  const connect = async (name: Name, of: 'a' | 'b') =>
    (await bench.connections.create({ name, tenant: tenants[of], cloud: 'aws' })).id;
  ids = { a1: await connect('a1', 'a'), a2: await connect('a2', 'a'), b1: await connect('b1', 'b') };
});
afterEach(() => bench.end());

type Rule = readonly ['connection', Name] | readonly ['tenant', 'a' | 'b' | 'empty'];

async function clientWith(rules: readonly Rule[], disabled = false): Promise<Client> {
  const may_use = rules.map(([kind, name]) =>
    kind === 'connection' ? { connection: ids[name] } : { tenant: tenants[name] },
  );
  const { client } = await bench.clients.create({ name: 'deployer', may_use });
  return bench.clients.update(client.client_id, { disabled });
}

describe('who may enter where', () => {
  test.each<[readonly Rule[], boolean, readonly Name[], Name | undefined]>([
    [[], false, [], undefined],
    [[['connection', 'a1']], false, ['a1'], 'a1'],
    [[['connection', 'b1']], false, ['b1'], 'b1'],
    [
      [
        ['connection', 'a1'],
        ['connection', 'a1'],
      ],
      false,
      ['a1'],
      'a1',
    ],
    [
      [
        ['connection', 'a1'],
        ['connection', 'b1'],
      ],
      false,
      ['a1', 'b1'],
      undefined,
    ],
    [[['tenant', 'a']], false, ['a1', 'a2'], undefined],
    [[['tenant', 'b']], false, ['b1'], 'b1'],
    [
      [
        ['tenant', 'b'],
        ['connection', 'b1'],
      ],
      false,
      ['b1'],
      'b1',
    ],
    [[['tenant', 'empty']], false, [], undefined],
    [
      [
        ['tenant', 'empty'],
        ['connection', 'a2'],
      ],
      false,
      ['a2'],
      'a2',
    ],
    [
      [
        ['tenant', 'a'],
        ['tenant', 'b'],
      ],
      false,
      ['a1', 'a2', 'b1'],
      undefined,
    ],
    [
      [
        ['tenant', 'a'],
        ['tenant', 'b'],
      ],
      true,
      [],
      undefined,
    ],
    [[['connection', 'a1']], true, [], 'a1'],
  ])(
    'with the rules %j (disabled: %s) it is %j, and %j when it names none',
    async (rules, disabled, allowed, only) => {
      const client = await clientWith(rules, disabled);
      const admitted: Name[] = [];
      for (const name of names) {
        const connection = await admit(bench.connections, client, ids[name]);
        if (connection) {
          expect(connection.id).toBe(ids[name]);
          admitted.push(name);
        }
      }
      expect(admitted).toEqual(allowed);
      expect(await onlyConnection(bench.connections, client)).toBe(only && ids[only]);
    },
  );

  test('what is not there and what is not theirs is one answer', async () => {
    const client = await clientWith([['connection', 'a1']]);
    const asked = [ids.b1, 'con_01jd0000000000000000000000', '', '__proto__', tenants.a, `${ids.a1} `];
    for (const id of asked) expect(await admit(bench.connections, client, id)).toBeUndefined();
  });

  test('a connection that was deleted is not counted and not admitted, and neither is its successor', async () => {
    const client = await clientWith([
      ['connection', 'a1'],
      ['connection', 'a2'],
    ]);
    await bench.connections.remove(ids.a1);
    await bench.connections.create({ name: 'a1', tenant: tenants.a, cloud: 'aws' });
    expect(await admit(bench.connections, client, ids.a1)).toBeUndefined();
    expect(await onlyConnection(bench.connections, client)).toBe(ids.a2);
  });

  test('a rule for a tenant admits to connections that come later', async () => {
    const client = await clientWith([['tenant', 'empty']]);
    const { id } = await bench.connections.create({ name: 'new', tenant: tenants.empty, cloud: 'aws' });
    expect((await admit(bench.connections, client, id))?.id).toBe(id);
    expect(await onlyConnection(bench.connections, client)).toBe(id);
  });
});

describe('rules with several conditions', () => {
  const cloud = fc.constantFrom('aws' as const, 'azure' as const, 'gcp' as const);
  const labels = fc.dictionary(
    fc.constantFrom('env', 'team', 'tier', '__proto__', 'constructor'),
    fc.constantFrom('prod', 'test', 'a'),
    { minKeys: 1, maxKeys: 3, noNullPrototype: true },
  );
  const connection = fc.record({
    id: fc.constantFrom('con_1', 'con_2', 'con_3'),
    tenant: fc.constantFrom('ten_1', 'ten_2'),
    cloud,
    labels: fc.oneof(fc.constant({}), labels),
  }) as unknown as fc.Arbitrary<Connection>;
  const rule = fc.oneof(
    fc.record({ connection: fc.constantFrom('con_1', 'con_2', 'con_3') }),
    fc
      .record({ tenant: fc.constantFrom('ten_1', 'ten_2'), cloud, labels }, { requiredKeys: [] })
      .filter((one) => Object.keys(one).length > 0),
  ) as fc.Arbitrary<ClientRule>;
  const clientOf = (may_use: readonly ClientRule[]) => ({ may_use, disabled: false }) as unknown as Client;

  test('their order decides nothing', () => {
    fc.assert(
      fc.property(fc.array(rule), connection, (rules, one) => {
        expect(mayUse(clientOf(rules.toReversed()), one)).toBe(mayUse(clientOf(rules), one));
      }),
    );
  });

  test('one more condition in a rule never admits to more', () => {
    fc.assert(
      fc.property(rule, rule, connection, (one, other, where) => {
        const both = { ...one, ...other, labels: { ...one.labels, ...other.labels } };
        if (admits(both, where)) expect([admits(other, where)]).toEqual([true]);
      }),
    );
  });

  test('a label that the connection does not have, or has otherwise, never admits', () => {
    fc.assert(
      fc.property(labels, connection, (wanted, one) => {
        const has = Object.entries(wanted).every(
          ([name, value]) => Object.hasOwn(one.labels, name) && one.labels[name] === value,
        );
        expect(admits({ labels: wanted }, one)).toBe(has);
      }),
    );
  });

  test('a rule with nothing in it admits to nothing', () => {
    fc.assert(fc.property(connection, (one) => expect(admits({}, one)).toBe(false)));
  });

  test('what is explained is what is decided, by the first rule that admits', () => {
    fc.assert(
      fc.property(fc.array(rule), connection, (rules, one) => {
        const { allowed, because, rule: first } = explain(clientOf(rules), one);
        expect(allowed).toBe(mayUse(clientOf(rules), one));
        expect([because, first?.index ?? -1]).toEqual([
          allowed ? 'rule' : 'no_rule',
          rules.findIndex((each) => admits(each, one)),
        ]);
      }),
    );
  });

  test('they are met by connections that are labelled later, and left with the label', async () => {
    const { client } = await bench.clients.create({
      name: 'deployer',
      may_use: [{ tenant: tenants.a, labels: { env: 'prod' } }],
    });
    expect(await admit(bench.connections, client, ids.a1)).toBeUndefined();
    expect(await onlyConnection(bench.connections, client)).toBeUndefined();
    await bench.connections.update(ids.a1, { labels: { env: 'prod', team: 'x' } });
    await bench.connections.update(ids.b1, { labels: { env: 'prod' } });
    expect((await admit(bench.connections, client, ids.a1))?.id).toBe(ids.a1);
    expect(await admit(bench.connections, client, ids.b1)).toBeUndefined();
    expect(await onlyConnection(bench.connections, client)).toBe(ids.a1);
    await bench.connections.update(ids.a1, { labels: {} });
    expect(await admit(bench.connections, client, ids.a1)).toBeUndefined();
  });

  test('a rule that spans tenants never stands for the one connection that is meant', async () => {
    const { client } = await bench.clients.create({ name: 'all', may_use: [{ cloud: 'aws' }] });
    expect((await admit(bench.connections, client, ids.b1))?.id).toBe(ids.b1);
    expect(await onlyConnection(bench.connections, client)).toBeUndefined();
  });
});
