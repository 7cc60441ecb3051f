/** The contract of pruning, part of the suite in contract.ts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Seal, Store } from '../../../src/platform/store/index.ts';
import { noon } from './journal.ts';

export function describePruning(handles: () => { store: Store; other: Store }): void {
  describe('pruning', () => {
    let store: Store;
    let other: Store;
    beforeEach(() => {
      ({ store, other } = handles());
    });

    const seal = (size: number): Seal => ({
      ...{ size, root: new Uint8Array(32), checkpoint: 'checkpoint', marks: '{}' },
    });
    const append = async (count: number) => {
      for (let i = 1; i <= count; i++)
        await store.append({
          at: noon + i,
          value: { event: 'token.issued', client: `c${i % 2}`, jti: `j${i % 3}` },
        });
    };
    /** Lines are indexed every second. */
    const indexed = () => sleep(1_500);
    const found = async (...keys: string[]) =>
      (await other.search({ keys, limit: 100 })).items.map(({ sequence }) => sequence);

    test('removes text and salt of exactly these lines, and keeps their numbers and times', async () => {
      await append(6);
      await store.log.seal(0, seal(6), [{ level: 0, index: 0, hashes: new Uint8Array(192).fill(3) }]);
      await indexed();
      const before = await other.log.lines(0, 10);
      expect(await store.log.prune([2, 3, 5])).toBe(true);
      const pruned = (sequence: number) => ({
        ...{ sequence, at: noon + sequence, salt: new Uint8Array(), text: undefined },
      });
      const lines = (await other.log.lines(0, 10)).map((line) => ({
        ...line,
        salt: new Uint8Array(line.salt),
      }));
      const kept = before.map((line) => ({ ...line, salt: new Uint8Array(line.salt) }));
      expect(lines).toEqual([kept[0], pruned(2), pruned(3), kept[3], pruned(5), kept[5]]);
      expect(Buffer.from((await other.log.tile(0, 0))!).equals(Buffer.alloc(192, 3))).toBe(true);
      expect(await found('event:token.issued')).toEqual([6, 4, 1]);
      expect([
        await found('client:c0'),
        await found('client:c1'),
        await found('jti:j0'),
        await found(),
      ]).toEqual([[6, 4], [1], [6], [6, 4, 1]]);
      expect(await other.count({ key: 'client:c0', from: 0, max: 10 })).toBe(2);
    });

    test('can be repeated, and appends continue after it', async () => {
      await append(4);
      await store.log.seal(0, seal(4), []);
      await indexed();
      for (const handle of [store, other, store]) expect(await handle.log.prune([3, 4])).toBe(true);
      expect(await store.append({ at: noon, value: { event: 'token.issued', client: 'c0' } })).toBe(5);
      expect(await store.log.continues()).toBe(true);
      await indexed();
      expect([await found('client:c0'), await found()]).toEqual([
        [5, 2],
        [5, 2, 1],
      ]);
    });

    test('by several processes at once leaves the index exact', async () => {
      await append(60);
      await store.log.seal(0, seal(60), []);
      await indexed();
      const numbers = Array.from({ length: 50 }, (_, i) => i + 1);
      const parts = [numbers.slice(0, 30), numbers.slice(20), numbers.filter((n) => n % 2 === 0)];
      const answers = await Promise.all(parts.map((part, i) => (i % 2 ? store : other).log.prune(part)));
      expect(answers).toEqual([true, true, true]);
      expect(await found('event:token.issued')).toEqual([60, 59, 58, 57, 56, 55, 54, 53, 52, 51]);
      expect(await found('client:c1')).toEqual([59, 57, 55, 53, 51]);
    });

    test('refuses lines that are not sealed or not indexed, and removes nothing', async () => {
      await append(3);
      await indexed();
      await store.log.seal(0, seal(2), []);
      expect(await store.log.prune([1, 3])).toBe(false);
      await append(1);
      await store.log.seal(2, seal(4), []);
      expect(await store.log.prune([4])).toBe(false);
      expect((await store.log.lines(0, 10)).map(({ text }) => text === undefined)).toEqual([
        ...[false, false, false, false],
      ]);
    });
  });
}
