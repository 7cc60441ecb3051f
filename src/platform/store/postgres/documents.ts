/** Documents in PostgreSQL: each operation is one statement, and so one transaction. */
import type { Now } from '../../time/index.ts';
import { countedTypes, type DocumentStore, type Stored, type Totals } from '../contract.ts';
import { pageOf } from '../page.ts';
import { sweepLagMs } from '../sweep.ts';
import { toText } from '../text.ts';
import { type Database, prepared, type Row } from './database.ts';
import { attempt } from './failure.ts';
import { fromKey, toKey } from './keys.ts';

const sweepEvery = 256;
const sweepLimit = 512;

const alive = (now: string): string => `(expires_at IS NULL OR expires_at > ${now})`;

const columns = 'SELECT id, version, value FROM sojourn.documents';

const get = prepared(`${columns} WHERE record_type = $1 AND id = $2 AND ${alive('$3')}`);
const list = prepared(
  `${columns} WHERE record_type = $1 AND id > $2 AND ${alive('$3')} ORDER BY id LIMIT $4`,
);
const listWithin = prepared(
  `${columns} WHERE record_type = $1 AND id > $2 AND ${alive('$3')} AND within = $5 ORDER BY id LIMIT $4`,
);
const versions = prepared(
  `SELECT id, version FROM sojourn.documents WHERE record_type = $1 AND ${alive('$2')}`,
);

/** An expired document counts as absent, so an insert replaces it; then `xmax` is the transaction that locked its row. */
const insertOf = (row: string): string => `
  inserted AS (
    INSERT INTO sojourn.documents AS document (record_type, id, within, version, value, expires_at) ${row}
    ON CONFLICT (record_type, id) DO UPDATE
      SET within = excluded.within, version = 1, value = excluded.value, expires_at = excluded.expires_at
      WHERE document.expires_at <= $6
    RETURNING (xmax <> 0)::integer AS replaced
  ), counted AS (
    UPDATE sojourn.document_totals SET inserted = document_totals.inserted + 1, removed = removed + replaced
    FROM inserted WHERE record_type = $1
  )
  SELECT FROM inserted`;
const insert = prepared(`WITH ${insertOf('VALUES ($1, $2, $3, 1, $4, $5::bigint)')}`);
/** The lock keeps the other document as it is until the insert has committed. */
const insertIfUnchanged = prepared(`WITH unchanged AS (
    SELECT FROM sojourn.documents WHERE record_type = $7 AND id = $8 AND version = $9 AND ${alive('$6')} FOR SHARE
  ), ${insertOf('SELECT $1, $2, $3, 1, $4, $5::bigint WHERE EXISTS (SELECT FROM unchanged)')}`);
const replace = prepared(
  `UPDATE sojourn.documents SET value = $1, version = version + 1
   WHERE record_type = $2 AND id = $3 AND version = $4 AND ${alive('$5')} RETURNING 1`,
);
const remove = prepared(`WITH gone AS (
    DELETE FROM sojourn.documents WHERE record_type = $1 AND id = $2 AND version = $3 AND ${alive('$4')} RETURNING 1
  ), counted AS (
    UPDATE sojourn.document_totals SET removed = removed + 1 WHERE record_type = $1 AND EXISTS (SELECT FROM gone)
  )
  SELECT FROM gone`);

/**
 * A document must have expired by the server's clock too: a process whose clock has jumped ahead deletes nothing early. Skips what
 * another process sweeps.
 */
const sweep = prepared(`WITH gone AS (
    DELETE FROM sojourn.documents WHERE (record_type, id) IN (
      SELECT record_type, id FROM sojourn.documents
      WHERE expires_at <= least($1::bigint, (extract(epoch FROM now()) * 1000)::bigint) - $2::bigint
      ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED
    ) RETURNING record_type
  ), swept AS (SELECT record_type, count(*) AS documents FROM gone GROUP BY record_type)
  UPDATE sojourn.document_totals SET removed = removed + documents
  FROM swept WHERE document_totals.record_type = swept.record_type`);

const totals = prepared('SELECT record_type, inserted, removed FROM sojourn.document_totals');
const count = prepared('SELECT count(*) AS count FROM sojourn.documents WHERE record_type = $1');
const acceptMissing = prepared(`UPDATE sojourn.document_totals SET removed = inserted - (
    SELECT count(*) FROM sojourn.documents WHERE documents.record_type = document_totals.record_type
  )`);

export function documentsIn({ query }: Database, write: typeof attempt, now: Now): DocumentStore {
  let inserts = 0;
  return {
    get: <T>(recordType: string, id: string) =>
      attempt(async () => {
        const [row] = await query(get, recordType, toKey(id), now());
        return row && stored<T>(row);
      }),

    list: <T>(recordType: string, { within, after = '', limit }: Parameters<DocumentStore['list']>[1]) =>
      attempt(async () => {
        const range = [recordType, toKey(after), now(), limit + 1] as const;
        const rows =
          within === undefined
            ? await query(list, ...range)
            : await query(listWithin, ...range, toKey(within));
        return pageOf(
          rows.map((row) => stored<T>(row)),
          limit,
          ({ id }) => id,
        );
      }),

    versions: (recordType) =>
      attempt(async () => {
        const rows = await query(versions, recordType, now());
        return new Map(rows.map(({ id, version }) => [fromKey(String(id)), Number(version)]));
      }),

    insert: async (recordType, id, value, { within, expiresAt, ifUnchanged } = {}) => {
      const owner = within === undefined ? null : toKey(within);
      const row = [recordType, toKey(id), owner, toText(value), expiresAt ?? null] as const;
      return write(async () => {
        // A sweep that fails does not fail the insert: the next one sweeps.
        if (++inserts % sweepEvery === 0)
          await query(sweep, now(), sweepLagMs, sweepLimit).catch(() => undefined);
        const inserted = ifUnchanged
          ? await query(
              insertIfUnchanged,
              ...row,
              now(),
              ...[ifUnchanged.recordType, toKey(ifUnchanged.id), ifUnchanged.version],
            )
          : await query(insert, ...row, now());
        return inserted.length === 1;
      });
    },

    replace: async (recordType, id, version, value) => {
      const text = toText(value);
      return write(
        async () => (await query(replace, text, recordType, toKey(id), version, now())).length === 1,
      );
    },

    remove: (recordType, id, version) =>
      write(async () => (await query(remove, recordType, toKey(id), version, now())).length === 1),

    totals: () =>
      attempt(async () => {
        const rows = new Map((await query(totals)).map((row) => [row.record_type, row]));
        return Object.fromEntries(
          countedTypes.map((type) => {
            const { inserted = 0, removed = 0 } = rows.get(type) ?? {};
            return [type, { inserted: Number(inserted), removed: Number(removed) }];
          }),
        ) as Totals;
      }),

    countDocuments: (recordType) => attempt(async () => Number((await query(count, recordType))[0]?.count)),

    acceptMissing: () => write(async () => void (await query(acceptMissing))),
  };
}

const stored = <T>({ id, version, value }: Row): Stored<T> => ({
  id: fromKey(String(id)),
  version: Number(version),
  value: JSON.parse(String(value)) as T,
});
