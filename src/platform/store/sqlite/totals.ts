/** How many documents were inserted and removed, counted in the transactions of these writes. */
import type { DatabaseSync } from 'node:sqlite';
import { countedTypes, type RecordType, type Store, type Totals } from '../contract.ts';
import type { GroupCommit } from './group-commit.ts';
import { retryWhileLocked } from './retry.ts';

export interface TotalsIn extends Pick<Store, 'totals' | 'countDocuments' | 'acceptMissing'> {
  isCounted(recordType: RecordType): boolean;
  /** In a transaction of the caller. */
  add(recordType: string, inserted: number, removed: number): void;
}

export function totalsIn(database: DatabaseSync, { commit }: GroupCommit): TotalsIn {
  const add = database.prepare(
    `INSERT INTO document_totals VALUES (?, ?, ?) ON CONFLICT DO UPDATE
     SET inserted = inserted + excluded.inserted, removed = removed + excluded.removed`,
  );
  const read = database.prepare('SELECT inserted, removed FROM document_totals WHERE record_type = ?');
  const count = database.prepare('SELECT count(*) AS count FROM documents WHERE record_type = ?');
  const accept = database.prepare(
    `INSERT INTO document_totals SELECT ?1, 0, -count(*) FROM documents WHERE record_type = ?1
     ON CONFLICT DO UPDATE SET removed = inserted + excluded.removed`,
  );
  const counted = new Set<string>(countedTypes);
  return {
    isCounted: (recordType) => counted.has(recordType),
    add(recordType, inserted, removed) {
      if (counted.has(recordType)) add.run(recordType, inserted, removed);
    },
    totals: retryWhileLocked(
      () =>
        Object.fromEntries(
          countedTypes.map((type) => {
            const { inserted = 0, removed = 0 } = read.get(type) ?? {};
            return [type, { inserted: Number(inserted), removed: Number(removed) }];
          }),
        ) as Totals,
    ),
    acceptMissing: () =>
      commit(() => {
        for (const type of countedTypes) accept.run(type);
      }),
    countDocuments: retryWhileLocked((recordType: RecordType) => Number(count.get(recordType)?.count)),
  };
}
