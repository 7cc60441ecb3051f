/** The documents in SQLite: each verb is one statement, which SQLite makes atomic between processes too. */
import type { DatabaseSync } from 'node:sqlite';
import type { Now } from '../../time/index.ts';
import type { Store } from '../contract.ts';
import { pageOf } from '../page.ts';
import { sweepLagMs } from '../sweep.ts';
import { toText } from '../text.ts';
import { attempt } from './attempt.ts';

type Row = Readonly<{ id: string; version: number; value: string }>;

const sweepEvery = 256;
const sweepAtMost = 512;

const alive = '(expires_at IS NULL OR expires_at > ?)';

const columns = 'SELECT id, version, value FROM documents';

/**
 * With its index named: by its own count SQLite takes the primary key and reads every document of the kind, 7 ms a list
 * among 100,000. It would refuse the statement if the index could not serve it.
 */
export const listWithin = `${columns} INDEXED BY documents_within WHERE kind = ? AND within = ? AND id > ? AND ${alive} ORDER BY id LIMIT ?`;

export function documentsIn(
  database: DatabaseSync,
  now: Now,
): Pick<Store, 'get' | 'list' | 'versions' | 'insert' | 'replace' | 'remove'> {
  const statements = prepare(database);
  let inserts = 0;

  return {
    get: <T>(kind: string, id: string) =>
      attempt(() => {
        const row = statements.get.get(kind, id, now()) as Row | undefined;
        return row && stored<T>(row);
      }),

    list: <T>(kind: string, { within, after = '', limit }: Parameters<Store['list']>[1]) =>
      attempt(() => {
        const rows =
          within === undefined
            ? statements.list.all(kind, after, now(), limit + 1)
            : statements.listWithin.all(kind, within, after, now(), limit + 1);
        return pageOf(
          (rows as Row[]).map((row) => stored<T>(row)),
          limit,
          ({ id }) => id,
        );
      }),

    versions: (kind) =>
      attempt(() => {
        const rows = statements.versions.all(kind, now()) as Pick<Row, 'id' | 'version'>[];
        return new Map(rows.map(({ id, version }) => [id, version]));
      }),

    insert: (kind, id, value, { within, expiresAt } = {}) =>
      attempt(() => {
        if (++inserts % sweepEvery === 0) statements.sweep.run(now() - sweepLagMs, sweepAtMost);
        const parameters = [kind, id, within ?? null, toText(value), expiresAt ?? null, now()] as const;
        return statements.insert.run(...parameters).changes === 1;
      }),

    replace: (kind, id, version, value) =>
      attempt(() => statements.replace.run(toText(value), kind, id, version, now()).changes === 1),

    remove: (kind, id, version) =>
      attempt(() => statements.remove.run(kind, id, version, now()).changes === 1),
  };
}

function prepare(database: DatabaseSync) {
  return {
    get: database.prepare(`${columns} WHERE kind = ? AND id = ? AND ${alive}`),
    list: database.prepare(`${columns} WHERE kind = ? AND id > ? AND ${alive} ORDER BY id LIMIT ?`),
    listWithin: database.prepare(listWithin),
    versions: database.prepare(`SELECT id, version FROM documents WHERE kind = ? AND ${alive}`),
    // An expired document counts as absent, so it gives way to the new one.
    insert: database.prepare(
      `INSERT INTO documents (kind, id, within, version, value, expires_at) VALUES (?, ?, ?, 1, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE
       SET within = excluded.within, version = 1, value = excluded.value, expires_at = excluded.expires_at
       WHERE documents.expires_at <= ?`,
    ),
    replace: database.prepare(
      `UPDATE documents SET value = ?, version = version + 1 WHERE kind = ? AND id = ? AND version = ? AND ${alive}`,
    ),
    remove: database.prepare(`DELETE FROM documents WHERE kind = ? AND id = ? AND version = ? AND ${alive}`),
    sweep: database.prepare(
      'DELETE FROM documents WHERE (kind, id) IN (SELECT kind, id FROM documents WHERE expires_at <= ? LIMIT ?)',
    ),
  };
}

const stored = <T>({ id, version, value }: Row) => ({ id, version, value: JSON.parse(value) as T });
