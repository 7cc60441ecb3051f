import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SojournError } from '../../../src/platform/errors/index.ts';
import { isId } from '../../../src/platform/ids/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import {
  aMinuteLater,
  atNoon,
  createModules,
  faultsOf,
  issuer,
  type Modules,
} from '../../support/modules.ts';

let bench: Modules;
beforeEach(async () => {
  bench = await createModules();
});
afterEach(() => bench.end());

const connect = (tenant: string) => bench.connections.create({ name: 'prod', tenant, cloud: 'aws' });

describe('tenants', () => {
  test('can be created, found, listed, renamed and removed', async () => {
    const { tenants, clock } = bench;
    const made = await tenants.create({ name: ' Acme ' });
    expect(made).toEqual({
      id: made.id,
      name: 'Acme',
      own_issuer: false,
      own_keys: null,
      created_at: atNoon,
      updated_at: atNoon,
    });
    expect(isId('ten', made.id)).toBe(true);
    expect([await tenants.find(made.id), await tenants.get(made.id)]).toEqual([made, made]);
    clock.ms += 60_000;
    const renamed = { ...made, name: 'Acme Inc', updated_at: aMinuteLater };
    expect(await tenants.update(made.id, { name: 'Acme Inc' })).toEqual(renamed);
    expect(await tenants.list({ limit: 10 })).toEqual({ items: [renamed] });
    await tenants.remove(made.id);
    expect(await tenants.find(made.id)).toBeUndefined();
    expect(await tenants.list({ limit: 10 })).toEqual({ items: [] });
  });

  test('are listed in pages in the order of creation', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) {
      bench.clock.ms += 1;
      await bench.tenants.create({ name });
    }
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await bench.tenants.list({ limit: 2, ...(after ? { after } : {}) });
      seen.push(...page.items.map(({ name }) => name));
      after = page.next;
    } while (after);
    expect(seen).toEqual(names);
  });

  test('with the same name are different tenants, also after one is deleted', async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const { id } = await bench.tenants.create({ name: 'Acme' });
      ids.add(id);
      if (i > 0) await bench.tenants.remove(id);
    }
    expect(ids.size).toBe(3);
  });

  test.each([
    [{}, [{ path: 'name', message: 'is missing' }]],
    [
      { name: '', id: 'ten_1' },
      [
        { path: 'name', message: 'must not be empty' },
        { path: 'id', message: 'is not known here' },
      ],
    ],
  ])('are not created from %j; the error lists all faults', async (input, faults) => {
    expect(await faultsOf(() => bench.tenants.create(input))).toEqual(faults);
    expect(await bench.tenants.list({ limit: 1 })).toEqual({ items: [] });
  });

  test('give tenant_not_found for an unknown id in every operation', async () => {
    const { tenants } = bench;
    for (const act of [
      () => tenants.get('ten_unknown'),
      () => tenants.update('ten_unknown', { name: 'x' }),
      () => tenants.remove('ten_unknown'),
    ]) {
      await expect(act()).rejects.toMatchObject({ code: 'tenant_not_found' });
    }
  });
});

describe('deleting a tenant', () => {
  test('is refused while it has connections, and leaves the tenant unchanged', async () => {
    const made = await bench.tenants.create({ name: 'Acme' });
    const connection = await connect(made.id);
    await expect(bench.tenants.remove(made.id)).rejects.toMatchObject({ code: 'tenant_not_empty' });
    expect(await bench.tenants.get(made.id)).toEqual(made);
    await connect(made.id);
    for (const { id } of (await bench.connections.list({ within: made.id, limit: 10 })).items) {
      await bench.connections.remove(id);
    }
    await bench.tenants.remove(made.id);
    expect(await bench.connections.find(connection.id)).toBeUndefined();
  });

  test('concurrently with new connections leaves no connection without its tenant', async () => {
    let [deleted, refused] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const { id } = await bench.tenants.create({ name: `round ${round}` });
      const work = [
        () => connect(id),
        () => bench.tenants.remove(id),
        () => connect(id),
        () => bench.tenants.remove(id),
      ];
      // Each round begins with another one, some steps or turns of the event loop apart: a turn shares one commit.
      const step = round % 2 === 0 ? () => Promise.resolve() : nextTurn;
      const order = [...work.slice(round % 4), ...work.slice(0, round % 4)];
      await Promise.allSettled(
        order.map(async (act, place) => {
          for (let wait = 0; wait < (round * place) % 23; wait++) await step();
          return act();
        }),
      );
      const { items } = await bench.connections.list({ within: id, limit: 10 });
      const there = (await bench.tenants.find(id)) !== undefined;
      if (there) refused++;
      else deleted++;
      expect({ round, orphans: there ? 0 : items.length }).toEqual({ round, orphans: 0 });
    }
    expect(deleted).toBeGreaterThan(0);
    expect(refused).toBeGreaterThan(0);
  });

  test('writes nothing if it is refused', async () => {
    const { tenants, store } = bench;
    const { id } = await tenants.create({ name: 'Acme' });
    await connect(id);
    const before = await store.get('tenant', id);
    await expect(tenants.remove(id)).rejects.toMatchObject({ code: 'tenant_not_empty' });
    expect(await store.get('tenant', id)).toEqual(before);
    expect(bench.removedKeys).toEqual([]);
  });

  test.each<[string, (store: Store) => Partial<Store>]>([
    ['before it looked again', (store) => ({ list: secondTimeDown(store.list) })],
    ['before it removed anything', () => ({ remove: () => Promise.reject(down()) })],
  ])(
    'one that was cut short %s changes nothing that can be seen, and can be done again',
    async (_, broken) => {
      const { tenants, store, connections, clock } = bench;
      const made = await tenants.create({ name: 'Acme', own_issuer: true, own_keys: true });
      const { remove } = bench.tenantsOn({ ...store, ...broken(store) });
      await expect(remove(made.id)).rejects.toMatchObject({ code: 'store_unavailable' });
      expect((await store.get('tenant', made.id))?.value).toMatchObject({ deletion: expect.any(String) });
      expect([await tenants.find(made.id), await tenants.get(made.id)]).toEqual([made, made]);
      expect(await tenants.list({ limit: 10 })).toEqual({ items: [made] });
      clock.ms += 60_000;
      const renamed = { ...made, name: 'Acme Inc', updated_at: aMinuteLater };
      expect(await tenants.update(made.id, { name: 'Acme Inc' })).toEqual(renamed);
      expect(await tenants.move(made.id, { own_issuer: true })).toEqual(renamed);
      const { id } = await connect(made.id);
      expect((await store.get('tenant', made.id))?.value).toEqual(renamed);
      await expect(tenants.remove(made.id)).rejects.toMatchObject({ code: 'tenant_not_empty' });
      await connections.remove(id);
      await tenants.remove(made.id);
      expect([await tenants.list({ limit: 10 }), bench.removedKeys]).toEqual([{ items: [] }, [made.id]]);
    },
  );

  test('fails if a connection is created after its first check, and both remain', async () => {
    const { tenants, store } = bench;
    const made = await tenants.create({ name: 'Acme' });
    let connection: { id: string } | undefined;
    const { remove } = bench.tenantsOn({
      ...store,
      remove: async (...removal) => {
        connection ??= await connect(made.id);
        return store.remove(...removal);
      },
    });
    await expect(remove(made.id)).rejects.toMatchObject({ code: 'version_conflict' });
    expect(await tenants.get(made.id)).toEqual(made);
    expect((await bench.connections.list({ within: made.id, limit: 10 })).items).toEqual([connection]);
  });

  test('refuses a connection that is created after it', async () => {
    const { tenants, store } = bench;
    const { id } = await tenants.create({ name: 'Acme' });
    const late = bench.connectionsOn({
      ...store,
      insert: async (...insertion) => {
        await tenants.remove(id);
        return store.insert(...insertion);
      },
    });
    expect(await faultsOf(() => late.create({ name: 'prod', tenant: id, cloud: 'aws' }))).toEqual([
      { path: 'tenant', message: 'there is no such tenant' },
    ]);
    expect(await bench.connections.list({ within: id, limit: 10 })).toEqual({ items: [] });
  });
});

test('a connection that is created while its tenant moves gets the new issuer', async () => {
  const { tenants, store } = bench;
  const { id } = await tenants.create({ name: 'Acme' });
  let moves = 0;
  const slow = bench.connectionsOn({
    ...store,
    insert: async (...insertion) => {
      if (moves++ === 0) await tenants.move(id, { own_issuer: true });
      return store.insert(...insertion);
    },
  });
  const connection = await slow.create({ name: 'prod', tenant: id, cloud: 'aws' });
  expect(connection.issuer).toBe(`${issuer}/t/${id}`);
  expect(await bench.connections.list({ within: id, limit: 10 })).toEqual({ items: [connection] });
});

const down = () => new SojournError('store_unavailable');

/** Every second call fails as if the store were unavailable. */
function secondTimeDown(list: Store['list']): Store['list'] {
  let calls = 0;
  return (...query) => (++calls % 2 === 0 ? Promise.reject(down()) : list(...query));
}
