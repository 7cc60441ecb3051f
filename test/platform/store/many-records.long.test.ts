/** A store with 100,000 records of each kind that callers or administrators add: its speed, its size and our memory. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import type { RecordType, Store } from '../../../src/platform/store/index.ts';
import { startPostgres } from '../../support/postgres.ts';
import { ask, server } from './redis-bench.ts';
import { later, on } from './trouble.ts';

const count = 100_000;
const batch = 1_000;
const recordTypes = ['tenant', 'client', 'invitation', 'claim'] as const satisfies readonly RecordType[];
const hourMs = 3_600_000;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const heap = (): number => {
  collect();
  return process.memoryUsage().heapUsed;
};

/** As of an assertion of an issuer of its own, with a key id of its own; the other records are of this size or larger. */
const idOf = (recordType: string, number: number, round = 0) =>
  `${recordType}:https://issuer-${number}.example:${round}`;
async function fill(store: Store, recordType: RecordType, expiresAt: number, round = 0): Promise<void> {
  for (let start = 0; start < count; start += batch)
    await Promise.all(
      Array.from({ length: batch }, (_, index) => {
        const id = idOf(recordType, start + index, round);
        const options = recordType === 'claim' ? { expiresAt } : { within: `owner-${start + index}` };
        return store.insert(recordType, id, { kid: `key-${start + index}`, name: 'x'.repeat(200) }, options);
      }),
    );
}

/** The median time of a look-up of 500, in milliseconds. */
async function lookUpMs(store: Store, recordType: RecordType): Promise<number> {
  const times: number[] = [];
  for (let number = 0; number < count; number += count / 500) {
    const startedAt = performance.now();
    expect(await store.get(recordType, idOf(recordType, number))).toBeDefined();
    times.push(performance.now() - startedAt);
  }
  return times.toSorted((a, b) => a - b)[250] ?? Number.NaN;
}

const stores = {
  async SQLite() {
    // In memory where the system has such a folder: 400,000 commits on a disk take an hour.
    const folder = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'sojourn-store-'));
    later(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'data', 'sojourn.db');
    const countRecords = async () => {
      const database = new DatabaseSync(file, { readOnly: true });
      const row = database.prepare('SELECT count(*) AS records FROM documents').get();
      database.close();
      return Number(row?.records);
    };
    return { bench: on(`sqlite:${file}`), countRecords };
  },
  async Redis() {
    const { url } = await server();
    return { bench: on(url), countRecords: () => ask(url, (redis) => redis.dbsize()) };
  },
  async PostgreSQL() {
    const postgres = await startPostgres();
    later(() => postgres.stop());
    const countRecords = async () => {
      const [row] = await postgres.ask('SELECT count(*) AS records FROM sojourn.documents', 'sojourn');
      return Number(row.records);
    };
    return { bench: on(postgres.url), countRecords };
  },
};

describe.each(Object.keys(stores) as (keyof typeof stores)[])(
  '%s with 100,000 records of each kind',
  (kind) => {
    test('answers look-ups and pages fast, holds none in our memory, and drops what has expired', async () => {
      const { bench, countRecords } = await stores[kind]();
      const store = await bench.open();
      const before = heap();
      for (const recordType of recordTypes) await fill(store, recordType, bench.clock.ms + hourMs);
      for (const recordType of recordTypes) {
        expect(await lookUpMs(store, recordType)).toBeLessThan(5);
        const startedAt = performance.now();
        expect((await store.list(recordType, { limit: 100 })).items).toHaveLength(100);
        expect(performance.now() - startedAt).toBeLessThan(500);
      }
      expect(heap() - before).toBeLessThan(16 * 1024 * 1024);

      const full = await countRecords();
      bench.clock.ms += 2 * hourMs;
      await fill(store, 'claim', bench.clock.ms + hourMs, 1);
      expect(await countRecords()).toBeLessThan(1.02 * full);
    }, 600_000);
  },
);
