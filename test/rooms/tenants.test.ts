import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { isId } from '../../src/ids/index.ts';
import { aMinuteLater, atNoon, faultsOf, type RoomsBench, roomsBench } from './bench.ts';

let bench: RoomsBench;
beforeEach(async () => {
  bench = await roomsBench();
});
afterEach(() => bench.end());

const connect = (tenant: string) => bench.connections.create({ name: 'prod', tenant, cloud: 'aws' });

describe('tenants', () => {
  test('one is made, found, listed, renamed and removed', async () => {
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

  test('they are listed in pages, in the order of their making', async () => {
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

  test('two of one name are two tenants, also after one was deleted', async () => {
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
  ])('%j is refused with every fault', async (input, faults) => {
    expect(await faultsOf(() => bench.tenants.create(input))).toEqual(faults);
    expect(await bench.tenants.list({ limit: 1 })).toEqual({ items: [] });
  });

  test('an unknown one is not there, whatever is done to it', async () => {
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
  test('it is refused while a connection belongs to it, and the tenant is as before', async () => {
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

  test('against connections that are being made, it leaves no connection without its tenant', async () => {
    let [deleted, refused] = [0, 0];
    for (let round = 0; round < 40; round++) {
      const { id } = await bench.tenants.create({ name: `round ${round}` });
      const work = [
        () => connect(id),
        () => bench.tenants.remove(id),
        () => connect(id),
        () => bench.tenants.remove(id),
      ];
      // Each round begins with another one, some steps apart.
      const order = [...work.slice(round % 4), ...work.slice(0, round % 4)];
      await Promise.allSettled(
        order.map(async (act, place) => {
          for (let wait = 0; wait < (round * place) % 7; wait++) await Promise.resolve();
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

  test('one that was cut short can be done again, and until then nothing can be added or renamed', async () => {
    const { tenants, store } = bench;
    const made = await tenants.create({ name: 'Acme' });
    const stored = (await store.get<object>('tenant', made.id))!;
    await store.replace('tenant', made.id, stored.version, { ...stored.value, leaving: 'a deletion' });
    expect(await tenants.find(made.id)).toBeUndefined();
    await expect(tenants.update(made.id, { name: 'x' })).rejects.toMatchObject({ code: 'tenant_not_found' });
    expect(await faultsOf(() => connect(made.id))).toEqual([
      { path: 'tenant', message: 'there is no such tenant' },
    ]);
    expect(await tenants.list({ limit: 10 })).toEqual({ items: [made] });
    await tenants.remove(made.id);
    expect(await tenants.list({ limit: 10 })).toEqual({ items: [] });
  });
});
