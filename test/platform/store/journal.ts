/** The contract of the journal, part of the suite in contract.ts. */
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Page, Store } from '../../../src/platform/store/index.ts';

/** Before the clock of every server, so that documents that expire then are expired everywhere. */
export const noon = Date.UTC(2024, 5, 1, 12);

export function describeJournal(handles: () => { store: Store; other: Store }): void {
  describe('journal', () => {
    let store: Store;
    let other: Store;
    beforeEach(() => {
      ({ store, other } = handles());
    });

    test('a search returns lines newest first by the order of appending', async () => {
      const given: number[] = [];
      // The clock of the second writer was behind; the order of appending counts.
      for (const at of [noon, noon - 5_000, noon + 1]) {
        given.push(await (given.length % 2 ? other : store).append({ at, value: { at } }));
      }
      expect([...given].sort((a, b) => a - b)).toEqual(given);
      expect(new Set(given).size).toBe(3);
      expect(await other.search({ limit: 10 })).toEqual({
        items: [
          { sequence: given[2], at: noon + 1, value: { at: noon + 1 } },
          { sequence: given[1], at: noon - 5_000, value: { at: noon - 5_000 } },
          { sequence: given[0], at: noon, value: { at: noon } },
        ],
      });
    });

    test('concurrent appends get different numbers, and all are found', async () => {
      const numbers = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          (i % 2 ? store : other).append({ at: noon, value: { i, client: 'k' } }),
        ),
      );
      expect(numbers.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
      const { items } = await store.search({ keys: ['client:k'], limit: 100 });
      expect(items.map(({ sequence }) => sequence)).toEqual([...numbers].sort((a, b) => b - a));
    });

    test('a search by keys returns lines that have all of them', async () => {
      await store.append({ at: noon, value: { i: 1, client: 'a', connection: 'x', jti: 'one' } });
      await store.append({ at: noon, value: { i: 2, client: 'a', connection: 'y', jti: 'two' } });
      await store.append({ at: noon, value: { i: 3, client: 'b', connection: 'x', jti: 'one' } });
      await store.append({ at: noon, value: { i: 4 } });
      const found = async (...keys: string[]) => values(await other.search({ keys, limit: 10 }));
      expect(await found('client:a')).toEqual([2, 1]);
      expect(await found('connection:x')).toEqual([3, 1]);
      expect(await found('connection:x', 'client:a')).toEqual([1]);
      expect(await found('client:a', 'connection:x')).toEqual([1]);
      expect(await found('client:b', 'connection:y')).toEqual([]);
      expect(await found('jti:one')).toEqual([3, 1]);
      expect(await found('jti:one', 'client:b')).toEqual([3]);
      expect(await found('jti:three')).toEqual([]);
      expect(await found('client')).toEqual([]);
      expect(await found()).toEqual([4, 3, 2, 1]);
    });

    test('a count by key includes its start, stops at its maximum, and sees every writer', async () => {
      const hour = 3_600_000;
      const times = [noon - 2 * hour, noon - 1, noon, noon + 1, noon + hour, noon + 30 * hour];
      for (const [i, at] of times.entries())
        await (i % 2 ? other : store).append({
          at,
          value: { i, event: 'token.issued', connection: 'x', client: 'k' },
        });
      await store.append({ at: noon, value: { event: 'token.refused', connection: 'x', client: 'k' } });
      const count = (from: number, max = 10, key = 'use:x') => store.count({ key, from, max });
      expect(await Promise.all([0, noon - 1, noon, noon + 1, noon + 2].map((from) => count(from)))).toEqual([
        6, 5, 4, 3, 2,
      ]);
      expect(await count(noon + 30 * hour)).toBe(1);
      expect(await count(noon + 30 * hour + 1)).toBe(0);
      expect(await count(noon + 99 * hour)).toBe(0);
      expect([await count(0, 3), await count(noon, 4), await count(noon, 1)]).toEqual([3, 4, 1]);
      expect([await count(noon, 10, 'client:k'), await count(0, 10, 'use:y')]).toEqual([5, 0]);
    });

    test('a search by time includes both ends, and finds lines with a wrong clock', async () => {
      const hour = 3_600_000;
      const times = [0, 1, 2 * hour, 2 * hour + 1, 90 * hour, 1, 91 * hour];
      for (const [i, at] of times.entries()) {
        await store.append({ at: noon + at, value: { i, client: i % 2 ? 'odd' : 'even' } });
      }
      const found = async (from?: number, to?: number, keys: string[] = []) =>
        values(
          await other.search({
            keys,
            limit: 10,
            ...(from === undefined ? {} : { from: noon + from }),
            ...(to === undefined ? {} : { to: noon + to }),
          }),
        );
      expect(await found(1, 2 * hour)).toEqual([5, 2, 1]);
      expect(await found(undefined, 1)).toEqual([5, 1, 0]);
      expect(await found(2 * hour + 1)).toEqual([6, 4, 3]);
      expect(await found(2 * hour, 90 * hour, ['client:even'])).toEqual([4, 2]);
      expect(await found(3 * hour, 80 * hour)).toEqual([]);
      expect(await found(-9 * hour, -hour)).toEqual([]);
    });

    test('a search continues after its last page despite new lines', async () => {
      for (let i = 0; i < 5; i++) await store.append({ at: noon, value: { i, client: `${i % 2}` } });
      const walk = async (client?: string) => {
        const keys = client === undefined ? [] : [`client:${client}`];
        const found: unknown[][] = [];
        let before: number | undefined;
        do {
          const page = await other.search({ keys, limit: 2, ...(before === undefined ? {} : { before }) });
          found.push(values(page));
          before = page.next === undefined ? undefined : Number(page.next);
          await store.append({ at: noon, value: { i: 'later', client } });
        } while (before !== undefined);
        return found;
      };
      expect(await walk('0')).toEqual([[4, 2], [0]]);
      expect(await walk()).toEqual([['later', 'later'], [4, 3], [2, 1], [0]]);
    });

    test('a search reads a long journal until its page is full', async () => {
      const wanted: number[] = [];
      for (let i = 0; i < 1_300; i++) {
        const rare = i % 600 === 0;
        const value = { i, client: 'all', ...(rare ? { tenant: 'rare', connection: `${i}` } : {}) };
        const sequence = await store.append({ at: noon + (rare ? 1 : 0), value });
        if (rare) wanted.unshift(sequence);
      }
      const numbers = async (query: Parameters<Store['search']>[0]) =>
        (await other.search(query)).items.map(({ sequence }) => sequence);
      expect(await numbers({ from: noon + 1, limit: 3 })).toEqual(wanted);
      expect(await numbers({ keys: ['client:all'], from: noon + 1, limit: 10 })).toEqual(wanted);
      expect(await numbers({ keys: ['client:all', 'tenant:rare'], limit: 2 })).toEqual(wanted.slice(0, 2));
      expect(await numbers({ keys: ['client:all', 'connection:0'], limit: 2 })).toEqual(wanted.slice(2));
    }, 60_000);
  });
}

const values = ({ items }: Page<{ value: unknown }>) => items.map(({ value }) => (value as { i: unknown }).i);
