/** Documents in SQLite: each operation is one statement, and writes share transactions. */
import type { DatabaseSync } from 'node:sqlite';
import type { Now } from '../../time/index.ts';
import type { DocumentStore, ListQuery, RecordType } from '../contract.ts';
import { pageOf } from '../page.ts';
import { sweepLagMs } from '../sweep.ts';
import { toText } from '../text.ts';
import type { GroupCommit } from './group-commit.ts';
import { retryWhileLocked } from './retry.ts';
import { totalsIn } from './totals.ts';

type Row = Readonly<{ id: string; version: number; value: string }>;

const sweepEvery = 256;
const sweepLimit = 512;

const alive = '(expires_at IS NULL OR expires_at > ?)';

const columns = 'SELECT id, version, value FROM documents';

/**
 * Names its index: by itself SQLite uses the primary key and reads every document of the record type, 7 ms per list with
 * 100,000 documents. SQLite rejects the statement if the index cannot serve it.
 */
export const listWithin = `${columns} INDEXED BY documents_within WHERE record_type = ? AND within = ? AND id > ? AND ${alive} ORDER BY id LIMIT ?`;

export function documentsIn(database: DatabaseSync, commits: GroupCommit, now: Now): DocumentStore {
  const { commit } = commits;
  const statements = prepare(database);
  const { isCounted, add, ...totals } = totalsIn(database, commits);
  let inserts = 0;

  function sweep(): void {
    for (const row of statements.sweep.all(now() - sweepLagMs, sweepLimit))
      add(String(row.record_type), 0, 1);
  }

  return {
    get: retryWhileLocked((recordType: RecordType, id: string) => {
      const row = statements.get.get(recordType, id, now()) as Row | undefined;
      return row && stored(row);
    }),

    list: retryWhileLocked((recordType: RecordType, { within, after = '', limit }: ListQuery) => {
      const rows =
        within === undefined
          ? statements.list.all(recordType, after, now(), limit + 1)
          : statements.listWithin.all(recordType, within, after, now(), limit + 1);
      return pageOf((rows as Row[]).map(stored), limit, ({ id }) => id);
    }),

    versions: retryWhileLocked((recordType: RecordType) => {
      const rows = statements.versions.all(recordType, now()) as Pick<Row, 'id' | 'version'>[];
      return new Map(rows.map(({ id, version }) => [id, version]));
    }),

    async insert(recordType, id, value, { within, expiresAt, ifUnchanged } = {}) {
      const row = [recordType, id, within ?? null, toText(value), expiresAt ?? null] as const;
      return commit(() => {
        if (++inserts % sweepEvery === 0) sweep();
        // An expired document is replaced.
        const replaced = isCounted(recordType) && statements.exists.get(recordType, id) !== undefined;
        const { changes } = ifUnchanged
          ? statements.insertIfUnchanged.run(
              ...row,
              ...[ifUnchanged.recordType, ifUnchanged.id, ifUnchanged.version, now()],
              now(),
            )
          : statements.insert.run(...row, now());
        if (changes === 1) add(recordType, 1, replaced ? 1 : 0);
        return changes === 1;
      });
    },

    async replace(recordType, id, version, value) {
      const text = toText(value);
      return commit(() => statements.replace.run(text, recordType, id, version, now()).changes === 1);
    },

    remove: (recordType, id, version) =>
      commit(() => {
        const removed = statements.remove.run(recordType, id, version, now()).changes === 1;
        if (removed) add(recordType, 0, 1);
        return removed;
      }),

    ...totals,
  };
}

/** An expired document counts as absent, so an insert replaces it. */
const insertOf = (row: string): string =>
  `INSERT INTO documents (record_type, id, within, version, value, expires_at) ${row}
   ON CONFLICT (record_type, id) DO UPDATE
   SET within = excluded.within, version = 1, value = excluded.value, expires_at = excluded.expires_at
   WHERE documents.expires_at <= ?`;

function prepare(database: DatabaseSync) {
  return {
    get: database.prepare(`${columns} WHERE record_type = ? AND id = ? AND ${alive}`),
    list: database.prepare(`${columns} WHERE record_type = ? AND id > ? AND ${alive} ORDER BY id LIMIT ?`),
    listWithin: database.prepare(listWithin),
    versions: database.prepare(`SELECT id, version FROM documents WHERE record_type = ? AND ${alive}`),
    insert: database.prepare(insertOf('VALUES (?, ?, ?, 1, ?, ?)')),
    insertIfUnchanged: database.prepare(
      insertOf(
        `SELECT ?, ?, ?, 1, ?, ?
         WHERE EXISTS (SELECT 1 FROM documents WHERE record_type = ? AND id = ? AND version = ? AND ${alive})`,
      ),
    ),
    replace: database.prepare(
      `UPDATE documents SET value = ?, version = version + 1 WHERE record_type = ? AND id = ? AND version = ? AND ${alive}`,
    ),
    remove: database.prepare(
      `DELETE FROM documents WHERE record_type = ? AND id = ? AND version = ? AND ${alive}`,
    ),
    exists: database.prepare('SELECT 1 FROM documents WHERE record_type = ? AND id = ?'),
    sweep: database.prepare(
      'DELETE FROM documents WHERE (record_type, id) IN (SELECT record_type, id FROM documents WHERE expires_at <= ? LIMIT ?) RETURNING record_type',
    ),
  };
}

/** `value` has the type for which the caller asks. */
const stored = ({ id, version, value }: Row) => ({ id, version, value: JSON.parse(value) });
