import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Client } from '../../../src/access/clients/index.ts';
import type { Connection } from '../../../src/access/connections/index.ts';
import { onlyConnection } from '../../../src/access/policy/index.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { createModules, type Modules } from '../../support/modules.ts';

/** Two customers; a1 and a2 belong to the first, b1 to the second. */
const names = ['a1', 'a2', 'b1'] as const;
type Name = (typeof names)[number];

let bench: Modules;
let ids: Record<Name, string>;
let tenants: Record<'a' | 'b' | 'empty', string>;
beforeEach(async () => {
  bench = await createModules();
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

/** The connection, or undefined if the client would get connection_not_found. */
async function admitted(client: Client, connection: string): Promise<Connection | undefined> {
  try {
    return (
      await bench.policy.authorize({
        client,
        connection,
        claims: {},
        context: { source_ip: '127.0.0.1', request_id: 'r' },
      })
    ).connection;
  } catch (error) {
    if (error instanceof SojournError && error.code === 'connection_not_found') return undefined;
    throw error;
  }
}

describe('the policy', () => {
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
      const entered: Name[] = [];
      for (const name of names) {
        const connection = await admitted(client, ids[name]);
        if (connection) {
          expect(connection.id).toBe(ids[name]);
          entered.push(name);
        }
      }
      expect(entered).toEqual(allowed);
      expect(await onlyConnection(bench.connections, client)).toBe(only && ids[only]);
    },
  );

  test('gives the same answer for a missing connection and for one of another client', async () => {
    const client = await clientWith([['connection', 'a1']]);
    const asked = [ids.b1, 'con_01jd0000000000000000000000', '', '__proto__', tenants.a, `${ids.a1} `];
    for (const id of asked) expect(await admitted(client, id)).toBeUndefined();
  });

  test('does not count or allow a deleted connection, nor one that is created after it', async () => {
    const client = await clientWith([
      ['connection', 'a1'],
      ['connection', 'a2'],
    ]);
    await bench.connections.remove(ids.a1);
    await bench.connections.create({ name: 'a1', tenant: tenants.a, cloud: 'aws' });
    expect(await admitted(client, ids.a1)).toBeUndefined();
    expect(await onlyConnection(bench.connections, client)).toBe(ids.a2);
  });

  test('applies a rule for a tenant to connections that are created later', async () => {
    const client = await clientWith([['tenant', 'empty']]);
    const { id } = await bench.connections.create({ name: 'new', tenant: tenants.empty, cloud: 'aws' });
    expect((await admitted(client, id))?.id).toBe(id);
    expect(await onlyConnection(bench.connections, client)).toBe(id);
  });
});

describe('rules with several selectors', () => {
  test('match connections that get the label later, until it is removed', async () => {
    const { client } = await bench.clients.create({
      name: 'deployer',
      may_use: [{ tenant: tenants.a, labels: { env: 'prod' } }],
    });
    expect(await admitted(client, ids.a1)).toBeUndefined();
    expect(await onlyConnection(bench.connections, client)).toBeUndefined();
    await bench.connections.update(ids.a1, { labels: { env: 'prod', team: 'x' } });
    await bench.connections.update(ids.b1, { labels: { env: 'prod' } });
    expect((await admitted(client, ids.a1))?.id).toBe(ids.a1);
    expect(await admitted(client, ids.b1)).toBeUndefined();
    expect(await onlyConnection(bench.connections, client)).toBe(ids.a1);
    await bench.connections.update(ids.a1, { labels: {} });
    expect(await admitted(client, ids.a1)).toBeUndefined();
  });

  test('do not determine the only connection if they span tenants', async () => {
    const { client } = await bench.clients.create({ name: 'all', may_use: [{ cloud: 'aws' }] });
    expect((await admitted(client, ids.b1))?.id).toBe(ids.b1);
    expect(await onlyConnection(bench.connections, client)).toBeUndefined();
  });
});
