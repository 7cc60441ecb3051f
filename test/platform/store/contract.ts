/** The contract of the store: one suite that runs for each backend. */
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Page, Store } from '../../../src/platform/store/index.ts';
import { describeJournal, noon } from './journal.ts';
import { describeLog } from './log.ts';
import { describePruning } from './pruning.ts';

export interface Bench {
  /** Opens another handle (file or connection) on the same state. */
  open(): Promise<Store>;
  /** The clock of all handles, in milliseconds; can be set. */
  readonly clock: { ms: number };
  /** Closes the handles and removes the state. */
  end(): Promise<void>;
}

export function describeStore(name: string, setUp: () => Promise<Bench>): void {
  describe(`the store in ${name}`, () => {
    let bench: Bench;
    let store: Store;
    let other: Store;
    beforeEach(async () => {
      bench = await setUp();
      [store, other] = await Promise.all([bench.open(), bench.open()]);
    });
    afterEach(() => bench.end());

    describe('documents', () => {
      test('an inserted document is found by record type and id at once through every handle', async () => {
        expect(await store.insert('tenant', 'a', { name: 'Acme' })).toBe(true);
        const found = { id: 'a', version: 1, value: { name: 'Acme' } };
        expect(await store.get('tenant', 'a')).toEqual(found);
        expect(await other.get('tenant', 'a')).toEqual(found);
        expect(await other.get('client', 'a')).toBeUndefined();
        expect(await other.get('tenant', 'b')).toBeUndefined();
      });

      test('a second insert of an id changes nothing', async () => {
        expect(await store.insert('tenant', 'a', { name: 'first' })).toBe(true);
        expect(await other.insert('tenant', 'a', { name: 'second' }, { within: 'x' })).toBe(false);
        expect(await store.get('tenant', 'a')).toEqual({ id: 'a', version: 1, value: { name: 'first' } });
        expect(await store.list('tenant', { within: 'x', limit: 10 })).toEqual({ items: [] });
      });

      test('of 50 concurrent inserts of one id exactly one succeeds', async () => {
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, i) => (i % 2 ? store : other).insert('claim', 'jti', { i })),
        );
        expect(answers.filter(Boolean)).toEqual([true]);
        expect((await store.get('claim', 'jti'))?.value).toEqual({ i: answers.indexOf(true) });
      });

      test('an insert that depends on another document succeeds only while that has the version', async () => {
        await store.insert('tenant', 't', {});
        await store.insert('tenant', 'brief', {}, { expiresAt: bench.clock.ms + 1 });
        const insert = (id: string, tenant: string, version: number) =>
          other.insert(
            'connection',
            id,
            { id },
            { within: tenant, ifUnchanged: { recordType: 'tenant', id: tenant, version } },
          );
        expect(await insert('a', 't', 2)).toBe(false);
        expect(await insert('a', 'missing', 1)).toBe(false);
        expect(await insert('a', 't', 1)).toBe(true);
        expect(await insert('a', 't', 1)).toBe(false);
        expect(await insert('b', 'brief', 1)).toBe(true);
        await store.replace('tenant', 't', 1, {});
        expect(await insert('c', 't', 1)).toBe(false);
        expect(await insert('c', 't', 2)).toBe(true);
        await store.remove('tenant', 't', 2);
        bench.clock.ms += 1;
        expect(await insert('d', 't', 2)).toBe(false);
        expect(await insert('d', 'brief', 1)).toBe(false);
        const inserted = ['a', 'b', 'c'].map((id) => ({ id, version: 1, value: { id } }));
        expect(await store.list('connection', { limit: 10 })).toEqual({ items: inserted });
      });

      test('replace succeeds only for the current version', async () => {
        await store.insert('connection', 'c', { n: 1 }, { within: 't' });
        expect(await store.replace('connection', 'c', 2, { n: 9 })).toBe(false);
        expect(await store.replace('connection', 'c', 1, { n: 2 })).toBe(true);
        expect(await other.replace('connection', 'c', 1, { n: 9 })).toBe(false);
        expect(await store.replace('connection', 'missing', 1, {})).toBe(false);
        const document = { id: 'c', version: 2, value: { n: 2 } };
        expect(await other.get('connection', 'c')).toEqual(document);
        expect(await other.list('connection', { within: 't', limit: 10 })).toEqual({ items: [document] });
        expect(await other.get('connection', 'missing')).toBeUndefined();
      });

      test('versions returns the versions of a record type without expired documents', async () => {
        expect(await store.versions('ring')).toEqual(new Map());
        await store.insert('ring', 'a', {});
        await store.insert('ring', 'b', {}, { within: 'a', expiresAt: bench.clock.ms + 1 });
        await store.insert('tenant', 'c', {});
        await store.replace('ring', 'a', 1, {});
        expect(await other.versions('ring')).toEqual(
          new Map([
            ['a', 2],
            ['b', 1],
          ]),
        );
        bench.clock.ms += 1;
        expect(await store.versions('ring')).toEqual(new Map([['a', 2]]));
      });

      test('concurrent writers with compare-and-swap lose no update', async () => {
        await store.insert('ring', 'ring', { n: 0 });
        const increment = async (handle: Store) => {
          for (;;) {
            const { version, value } = (await handle.get<{ n: number }>('ring', 'ring'))!;
            if (await handle.replace('ring', 'ring', version, { n: value.n + 1 })) return;
          }
        };
        await Promise.all(Array.from({ length: 20 }, (_, i) => increment(i % 2 ? store : other)));
        expect(await store.get('ring', 'ring')).toEqual({ id: 'ring', version: 21, value: { n: 20 } });
      });

      test('documents of the counted types are counted when they are inserted, removed, replaced and swept', async () => {
        bench.clock.ms = noon;
        const total = async () => (await other.totals()).client;
        expect(await total()).toEqual({ inserted: 0, removed: 0 });
        await Promise.all([store.insert('client', 'a', {}), other.insert('client', 'a', {})]);
        await store.insert('client', 'b', {}, { expiresAt: noon + 1 });
        await store.insert('tenant', 'b', {});
        await store.replace('client', 'a', 1, {});
        expect(await total()).toEqual({ inserted: 2, removed: 0 });
        expect(await store.remove('client', 'a', 1)).toBe(false);
        expect(await store.remove('client', 'a', 2)).toBe(true);
        expect([await total(), await other.countDocuments('client')]).toEqual([
          { inserted: 2, removed: 1 },
          1,
        ]);
        bench.clock.ms = noon + 1;
        await store.insert('client', 'b', {}, { expiresAt: noon + 2 });
        expect([await total(), await other.countDocuments('client')]).toEqual([
          { inserted: 3, removed: 2 },
          1,
        ]);
        bench.clock.ms = noon + 3_600_000;
        for (let i = 0; i < 256; i++) await store.insert('claim', `${i}`, {}, { expiresAt: noon * 2 });
        expect([await total(), await other.countDocuments('client')]).toEqual([
          { inserted: 3, removed: 3 },
          0,
        ]);
        expect((await store.totals()).tenant).toEqual({ inserted: 1, removed: 0 });
        expect(await store.countDocuments('claim')).toBe(256);
      });

      test('remove succeeds only for the current version', async () => {
        await store.insert('client', 'c', {}, { within: 't' });
        await store.replace('client', 'c', 1, {});
        expect(await store.remove('client', 'c', 1)).toBe(false);
        expect(await other.get('client', 'c')).toEqual({ id: 'c', version: 2, value: {} });
        expect(await other.remove('client', 'c', 2)).toBe(true);
        expect(await store.remove('client', 'c', 2)).toBe(false);
        expect(await store.get('client', 'c')).toBeUndefined();
        expect(await store.list('client', { limit: 10 })).toEqual({ items: [] });
        expect(await store.list('client', { within: 't', limit: 10 })).toEqual({ items: [] });
      });

      test.each([
        ['nothing', null],
        ['numbers', [0, -1, 1.5, 1e21, 2 ** 53 - 1]],
        ['unicode, quotes and control characters', { 'κλειδί "': "it's \u0000 \n 🗝 \u2028" }],
        ['nested values', { a: [{ b: [[], {}, { c: [null, true, ''] }] }], __proto_: 1 }],
        ['100 KB', { text: 'é'.repeat(50_000), list: Array.from({ length: 500 }, (_, i) => ({ i })) }],
      ])('%s are stored without a change', async (_, value) => {
        await store.insert('setting', 'v', value);
        expect((await other.get('setting', 'v'))?.value).toEqual(value);
        await store.replace('setting', 'v', 1, [value]);
        expect((await other.get('setting', 'v'))?.value).toEqual([value]);
        const sequence = await store.append({ at: noon, value });
        expect(await other.search({ limit: 1 })).toEqual({ items: [{ sequence, at: noon, value }] });
      });

      test.each(["a'b", 'a:b', '{a}', 'a b', 'ä', 'a%', '*', '[', '(', '+', '-', 'a\0b', '\x01', '\\x'])(
        'the id %j is an id like any other',
        async (id) => {
          await store.insert('claim', id, { id }, { within: id });
          const document = { id, version: 1, value: { id } };
          expect(await other.get('claim', id)).toEqual(document);
          expect(await other.list('claim', { within: id, limit: 1 })).toEqual({ items: [document] });
          expect(await other.list('claim', { after: id, limit: 1 })).toEqual({ items: [] });
          expect(await other.remove('claim', id, 1)).toBe(true);
        },
      );

      test('a value that JSON cannot represent throws a TypeError', async () => {
        await expect(store.insert('setting', 's', undefined)).rejects.toThrow(TypeError);
        await expect(store.append({ at: noon, value: undefined })).rejects.toThrow(TypeError);
        expect(await store.get('setting', 's')).toBeUndefined();
        expect(await store.search({ limit: 1 })).toEqual({ items: [] });
      });
    });

    describe('lists', () => {
      test('documents are listed in bytewise order of their ids, in pages', async () => {
        const ids = ['B', 'a', 'ab', 'b', 'z', 'é', '\uffee', '😀'];
        for (const id of [...ids].reverse()) await store.insert('tenant', id, { id });
        await store.insert('client', 'aa', {});
        expect(await pages((after) => other.list('tenant', { limit: 3, ...after }))).toEqual([
          ids.slice(0, 3),
          ids.slice(3, 6),
          ids.slice(6),
        ]);
      });

      test('the last page has no next', async () => {
        for (const id of ['a', 'b']) await store.insert('tenant', id, {});
        const a = { id: 'a', version: 1, value: {} };
        const b = { id: 'b', version: 1, value: {} };
        expect(await store.list('tenant', { limit: 2 })).toEqual({ items: [a, b] });
        expect(await store.list('tenant', { limit: 1 })).toEqual({ items: [a], next: 'a' });
        expect(await store.list('tenant', { limit: 1, after: 'a' })).toEqual({ items: [b] });
        expect(await store.list('tenant', { limit: 1, after: 'b' })).toEqual({ items: [] });
      });

      test('a list within an owner has only documents of that owner', async () => {
        for (const id of ['a', 'b', 'c', 'd', 'e']) {
          await store.insert('connection', id, {}, { within: 'ace'.includes(id) ? 'ten_1' : 'ten_2' });
        }
        await store.insert('connection', 'f', {});
        const listed = (within?: string) =>
          pages((after) => other.list('connection', { limit: 2, ...after, ...(within ? { within } : {}) }));
        expect(await listed('ten_1')).toEqual([['a', 'c'], ['e']]);
        expect(await listed('ten_2')).toEqual([['b', 'd']]);
        expect(await listed('ten_')).toEqual([[]]);
        expect(await listed()).toEqual([
          ['a', 'b'],
          ['c', 'd'],
          ['e', 'f'],
        ]);
      });
    });

    describe('expiry', () => {
      test('an expired document is absent in every operation', async () => {
        bench.clock.ms = noon;
        await store.insert('claim', 'a', {}, { expiresAt: noon + 1_000, within: 'w' });
        await store.insert('claim', 'b', {}, { within: 'w' });
        const b = { id: 'b', version: 1, value: {} };
        bench.clock.ms = noon + 999;
        expect(await other.get('claim', 'a')).toEqual({ id: 'a', version: 1, value: {} });
        expect((await other.list('claim', { limit: 10 })).items).toHaveLength(2);
        bench.clock.ms = noon + 1_000;
        expect(await other.get('claim', 'a')).toBeUndefined();
        expect(await other.list('claim', { limit: 10 })).toEqual({ items: [b] });
        expect(await other.list('claim', { limit: 1 })).toEqual({ items: [b] });
        expect(await other.list('claim', { within: 'w', limit: 10 })).toEqual({ items: [b] });
        expect(await other.replace('claim', 'a', 1, {})).toBe(false);
        expect(await other.remove('claim', 'a', 1)).toBe(false);
      });

      test('the id of an expired document can be inserted again', async () => {
        bench.clock.ms = noon;
        await store.insert('claim', 'a', { n: 1 }, { expiresAt: noon + 1_000, within: 'old' });
        expect(await store.replace('claim', 'a', 1, { n: 2 })).toBe(true);
        bench.clock.ms = noon + 1_000;
        expect(await other.insert('claim', 'a', { n: 3 }, { within: 'new' })).toBe(true);
        bench.clock.ms = noon + 10 * 86_400_000;
        const document = { id: 'a', version: 1, value: { n: 3 } };
        expect(await store.get('claim', 'a')).toEqual(document);
        expect(await store.list('claim', { within: 'old', limit: 1 })).toEqual({ items: [] });
        expect(await store.list('claim', { within: 'new', limit: 1 })).toEqual({ items: [document] });
      });

      test('replace keeps the expiry', async () => {
        bench.clock.ms = noon;
        await store.insert('claim', 'a', { n: 1 }, { expiresAt: noon + 1_000 });
        expect(await store.replace('claim', 'a', 1, { n: 2 })).toBe(true);
        bench.clock.ms = noon + 1_000;
        expect(await store.get('claim', 'a')).toBeUndefined();
      });

      test('sweeping removes documents that expired long ago, and none that a clock a few minutes behind still sees', async () => {
        bench.clock.ms = noon;
        await store.insert('claim', 'short', {}, { expiresAt: noon + 60_000 });
        await store.insert('claim', 'long', {}, { expiresAt: noon + 3_600_000 });
        bench.clock.ms = noon + 5 * 60_000;
        for (let i = 0; i < 600; i++)
          await store.insert('claim', `x${i}`, {}, { expiresAt: noon + 3_600_000 });
        bench.clock.ms = noon + 59_999;
        expect(await other.insert('claim', 'short', {}, { expiresAt: noon + 60_000 })).toBe(false);
        bench.clock.ms = noon + 30 * 60_000;
        for (let i = 0; i < 600; i++)
          await store.insert('claim', `y${i}`, {}, { expiresAt: noon + 3_600_000 });
        bench.clock.ms = noon;
        expect(await other.get('claim', 'short')).toBeUndefined();
        expect(await other.get('claim', 'long')).toEqual({ id: 'long', version: 1, value: {} });
      });
    });

    describeJournal(() => ({ store, other }));
    describeLog(() => ({ store, other }));
    describePruning(() => ({ store, other }));

    test('a store on another machine says what time its clock has', async () => {
      const time = await store.clock?.();
      if (time !== undefined) expect(Math.abs(time - Date.now())).toBeLessThan(5_000);
      expect(time === undefined).toBe(name === 'SQLite');
    });

    test('a ping resolves while the store can be written', async () => {
      await expect(store.ping()).resolves.toBeUndefined();
    });

    test('a closed handle rejects with store_unavailable, can be closed again, and leaves other handles open', async () => {
      await store.close();
      await store.close();
      await expect(store.get('tenant', 'a')).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.insert('tenant', 'a', {})).rejects.toMatchObject({ code: 'store_unavailable' });
      await expect(store.search({ limit: 1 })).rejects.toMatchObject({ code: 'store_unavailable' });
      expect(await other.insert('tenant', 'a', {})).toBe(true);
    });
  });
}

async function pages(
  next: (after: { after?: string }) => Promise<Page<{ id: string }>>,
): Promise<string[][]> {
  const found: string[][] = [];
  let after: string | undefined;
  do {
    const page = await next(after === undefined ? {} : { after });
    found.push(page.items.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return found;
}
