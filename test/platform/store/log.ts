/** The contract of the journal as a Merkle tree, part of the suite in contract.ts. */
import { hash, randomBytes } from 'node:crypto';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Seal, Store } from '../../../src/platform/store/index.ts';
import { noon } from './journal.ts';

export function describeLog(handles: () => { store: Store; other: Store }): void {
  describe('log', () => {
    let store: Store;
    let other: Store;
    beforeEach(() => {
      ({ store, other } = handles());
    });

    test('lines are read in ascending order, each as canonical JSON with a salt of its own', async () => {
      for (const value of [{ b: 1, a: 'é\u2028' }, { 10: 1, 9: [null, { y: 1, x: 1e21 }] }, 'text'])
        await store.append({ at: noon, value });
      const lines = await other.log.lines(0, 10);
      expect(lines.map(({ sequence, at, text }) => [sequence, at, text])).toEqual([
        [1, noon, '{"a":"é\u2028","b":1}'],
        [2, noon, '{"10":1,"9":[null,{"x":1e+21,"y":1}]}'],
        [3, noon, '"text"'],
      ]);
      expect(lines.map(({ salt }) => salt.length)).toEqual([16, 16, 16]);
      expect(new Set(lines.map(({ salt }) => Buffer.from(salt).toString('hex'))).size).toBe(3);
      expect(await other.log.lines(1, 1)).toEqual([lines[1]]);
      expect(await other.log.lines(3, 10)).toEqual([]);
    });

    test('only the first seal of a size is stored, with its tiles', async () => {
      expect(await store.log.sealed()).toBeUndefined();
      const hashes = (count: number) => new Uint8Array(randomBytes(32 * count));
      const seal = (size: number, note: string): Seal => ({
        size,
        root: new Uint8Array(hash('sha256', note, 'buffer')),
        checkpoint: `origin\n${size}\n${note}\n\n— é\n`,
        marks: `{"n":${size}}`,
      });
      const [partial, whole, top] = [hashes(2), hashes(256), hashes(1)];
      expect(await store.log.seal(0, seal(2, 'first'), [{ level: 0, index: 0, hashes: partial }])).toBe(true);
      expect(await other.log.seal(0, seal(3, 'late'), [{ level: 0, index: 0, hashes: hashes(3) }])).toBe(
        false,
      );
      expect(await other.log.sealed()).toEqual(seal(2, 'first'));
      expect(bytes(await other.log.tile(0, 0))).toEqual(bytes(partial));
      const tiles = [
        { level: 0, index: 0, hashes: whole },
        { level: 1, index: 0, hashes: top },
      ];
      expect(await other.log.seal(2, seal(256, 'second'), tiles)).toBe(true);
      expect(await store.log.sealed()).toEqual(seal(256, 'second'));
      expect([bytes(await store.log.tile(0, 0)), bytes(await store.log.tile(1, 0))]).toEqual([
        bytes(whole),
        bytes(top),
      ]);
      expect(await store.log.tile(0, 1)).toBeUndefined();
    });

    test('of 20 concurrent seals of one size exactly one is stored', async () => {
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? store : other).log.seal(
            0,
            { size: i + 1, root: new Uint8Array(32), checkpoint: `${i}`, marks: '{}' },
            [{ level: 0, index: 0, hashes: new Uint8Array(32).fill(i) }],
          ),
        ),
      );
      const winner = answers.indexOf(true);
      expect(answers.filter(Boolean)).toEqual([true]);
      expect(await store.log.sealed()).toMatchObject({ size: winner + 1, checkpoint: `${winner}` });
      expect(bytes(await store.log.tile(0, 0))).toEqual(bytes(new Uint8Array(32).fill(winner)));
    });

    test('a search finds the same lines before, while and after they are indexed', async () => {
      const count = 1_200;
      const kinds = ['token.issued', 'token.refused', 'connection.updated'];
      for (let i = 0; i < count; i += 100) {
        await Promise.all(
          Array.from({ length: 100 }, (_, j) =>
            ((i + j) % 2 ? store : other).append({
              at: noon + (i + j) * 10_000,
              value: { event: kinds[(i + j) % 3], connection: `c${(i + j) % 7}`, jti: `j${i + j}` },
            }),
          ),
        );
      }
      const all = await store.log.lines(0, 5_000);
      const numbersOf = (match: (entry: { event: string; connection: string; jti: string }) => boolean) =>
        all
          .filter(({ text }) => match(JSON.parse(text!)))
          .map(({ sequence }) => sequence)
          .toReversed();
      const check = async (handle: Store) => {
        const found = async (...keys: string[]) =>
          (await handle.search({ keys, limit: 1_000 })).items.map(({ sequence }) => sequence);
        expect(await found('connection:c3')).toEqual(numbersOf((entry) => entry.connection === 'c3'));
        expect(await found('event:token.issued', 'connection:c3')).toEqual(
          numbersOf((entry) => entry.event === 'token.issued' && entry.connection === 'c3'),
        );
        expect(await found('noun:connection')).toEqual(
          numbersOf(({ event }) => event === 'connection.updated'),
        );
        expect(await found('jti:j77')).toEqual(numbersOf((entry) => entry.jti === 'j77'));
        const used = numbersOf(({ event, connection }) => event === 'token.issued' && connection === 'c3');
        expect(await handle.count({ key: 'use:c3', from: noon, max: 1_000 })).toBe(used.length);
      };
      await check(store);
      const until = Date.now() + 4_000;
      while (Date.now() < until) await check(other);
    }, 60_000);
  });
}

const bytes = (hashes: Uint8Array | undefined): string | undefined =>
  hashes && Buffer.from(hashes).toString('hex');
