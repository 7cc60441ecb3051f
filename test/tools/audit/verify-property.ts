/** Random journals, and everything that can be done to their tables. */
import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { pruneRecord } from '../../../src/tools/audit/records.ts';
import { type Random, randomFrom } from '../../e2e/fuzz/random.ts';
import { noon } from '../../platform/store/journal.ts';
import { repetitions } from '../../support/scale.ts';
import { attacks } from './attacks.ts';
import { type JournalBench, journalBench, randomLine } from './journal-bench.ts';

/** SOJOURN_AUDIT_SEED repeats a run. */
const firstSeed = Number(process.env.SOJOURN_AUDIT_SEED ?? randomInt(2 ** 31));
const seeds = Array.from({ length: repetitions({ part: 1, full: 20 }) }, (_, i) => firstSeed + i);

export function describeVerification(name: string, sharedUrl: () => string | undefined): void {
  describe.each(seeds)(`in a random journal in ${name} (seed %i), a verification`, (seed) => {
    let random: Random;
    let bench: JournalBench;
    let size: number;
    let newest: number;
    let restore: () => Promise<void>;
    const pruned = new Set<number>();

    beforeAll(async () => {
      random = randomFrom(seed);
      bench = await journalBench(sharedUrl());
      size = 600 + random.below(1_200);
      newest = size + random.below(40);
      for (let done = 0; done < newest; ) {
        const count = Math.min(1 + random.below(500), (done < size ? size : newest) - done);
        const lines = Array.from({ length: count }, () => randomLine(random.next, noon - 86_400_000));
        if (done >= size) for (const line of lines) line.at = noon - 1_000;
        await Promise.all(lines.map((line) => bench.store.append(line)));
        done += count;
        if (done <= size) await bench.seal();
      }
      await bench.indexed();
      if (seed % 2 === 1) await prune();
      await bench.rest();
      restore = await bench.tables.save();
    }, 60_000);
    afterAll(() => bench.end());

    /** A third of the lines of the first half, and a few in a row. */
    async function prune(): Promise<void> {
      const start = 1 + random.below(size - 50);
      for (let line = 1; line <= size; line++)
        if ((line < size / 2 && random.chance(1 / 3)) || (line >= start && line < start + 20))
          pruned.add(line);
      const lines = [...pruned];
      const checkpoint = (await bench.store.log.sealed())!;
      for (const part of [lines.slice(0, 100), lines.slice(100)]) {
        await bench.store.append({
          at: noon - 1_000,
          value: pruneRecord({ lines: part, archive: 'of a test' }, checkpoint),
        });
        newest++;
        expect(await bench.store.log.prune(part)).toBe(true);
      }
      await bench.indexed();
    }

    test('finds nothing if nobody has changed it', async () => {
      expect(await bench.verify()).toEqual({
        verified: true,
        origin: 'idp.example.com/audit',
        sealed: size,
        unsealed: newest - size,
        pruned: pruned.size,
        archived: 0,
        key: expect.stringMatching(/^idp\.example\.com\/audit\+[0-9a-f]{8}\+/),
        fault: null,
      });
    });

    test.each(Object.keys(attacks))('finds %s', async (attack) => {
      const expected = await attacks[attack]!({ tables: bench.tables, size, newest, pruned, random });
      const { verified, fault } = await bench.verify();
      await restore();
      // Where a pruned line is beside it or took its place, the number is right, but not always what happened.
      const isUnclear = pruned.size > 0 && ['removed', 'moved'].includes(String(fault?.kind));
      const kind = isUnclear ? expected.kind : fault?.kind;
      expect({ verified, kind, line: fault?.line }).toEqual({ verified: false, ...expected });
    });
  });
}
