/** The journal in SQLite. A search scans one index backwards and stops when the page is full; it never sorts. */
import type { DatabaseSync, SQLInputValue } from 'node:sqlite';
import type { JournalQuery, Store } from '../contract.ts';
import { hourOf } from '../hours.ts';
import { pageOf } from '../page.ts';
import { toText } from '../text.ts';
import { groupCommit } from './group-commit.ts';
import { retryWhileLocked } from './retry.ts';

interface Line {
  readonly at: number;
  readonly keys: ReadonlySet<string>;
  readonly text: string;
}

type Row = Readonly<{ sequence: number; at: number; value: string }>;

/** A search scans its rarest key; keys are counted up to this number to find it. */
const maxCount = 1_000;

/** `settled` resolves when every pending append is committed or failed. */
export function journalIn(
  database: DatabaseSync,
): Pick<Store, 'append' | 'search' | 'count'> & { settled(): Promise<void> } {
  const statements = prepare(database);
  const appends = groupCommit<Line, number>((lines) => {
    const sequences: number[] = [];
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const { item: line } of lines) {
        const sequence = Number(statements.append.run(line.at, line.text).lastInsertRowid);
        statements.noteHour.run(hourOf(line.at), sequence, sequence);
        for (const key of line.keys) statements.appendKey.run(key, sequence);
        sequences.push(sequence);
      }
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      throw error;
    }
    return sequences;
  });

  const rarestFirst = (keys: readonly string[]): readonly string[] => {
    if (keys.length < 2) return keys;
    const counted = keys.map((key) => ({
      key,
      count: Number(statements.count.get(key, 0, maxCount)?.count),
    }));
    return counted.sort((a, b) => a.count - b.count).map(({ key }) => key);
  };

  /** The first and last sequence number whose time may match; undefined if there is none. */
  const spanOf = ({ from, to }: JournalQuery): readonly [number, number] | undefined => {
    if (from === undefined && to === undefined) return [0, Number.MAX_SAFE_INTEGER];
    const span = statements.span.get(
      from === undefined ? Number.MIN_SAFE_INTEGER : hourOf(from),
      to === undefined ? Number.MAX_SAFE_INTEGER : hourOf(to),
    );
    return span?.first == null ? undefined : [Number(span.first), Number(span.last)];
  };

  return {
    append: async ({ at, keys, value }) => appends.add({ at, keys: new Set(keys), text: toText(value) }),

    search: retryWhileLocked((query: JournalQuery) => {
      const span = spanOf(query);
      if (!span) return { items: [] };
      const { sql, values } = select({ ...query, keys: rarestFirst(query.keys ?? []) }, span);
      const rows = database.prepare(sql).all(...values) as Row[];
      const lines = rows.map(({ sequence, at, value }) => ({
        sequence,
        at,
        value: JSON.parse(value) as unknown,
      }));
      return pageOf(lines, query.limit, ({ sequence }) => String(sequence));
    }),

    count: retryWhileLocked(({ key, from, max }: Parameters<Store['count']>[0]) => {
      const span = spanOf({ from, limit: 1 });
      if (!span) return 0;
      const [first] = span;
      const lastOfHour = Number(statements.lastOfHour.get(hourOf(from))?.last ?? first - 1);
      const later = Number(statements.count.get(key, lastOfHour + 1, max)?.count);
      const inHour = statements.countSince.get(key, first, lastOfHour, from, max - later);
      return later + Number(inHour?.count);
    }),

    settled: () => appends.settled(),
  };
}

function prepare(database: DatabaseSync) {
  return {
    append: database.prepare('INSERT INTO journal (at, value) VALUES (?, ?)'),
    appendKey: database.prepare('INSERT INTO journal_keys (key, sequence) VALUES (?, ?)'),
    noteHour: database.prepare(
      'INSERT INTO journal_hours VALUES (?, ?, ?) ON CONFLICT (hour) DO UPDATE SET last = excluded.last',
    ),
    span: database.prepare(
      'SELECT min(first) AS first, max(last) AS last FROM journal_hours WHERE hour BETWEEN ? AND ?',
    ),
    count: database.prepare(
      'SELECT count(*) AS count FROM (SELECT 1 FROM journal_keys WHERE key = ? AND sequence >= ? LIMIT ?)',
    ),
    countSince: database.prepare(
      `SELECT count(*) AS count FROM (SELECT 1 FROM journal_keys CROSS JOIN journal USING (sequence)
       WHERE key = ? AND sequence BETWEEN ? AND ? AND at >= ? LIMIT ?)`,
    ),
    lastOfHour: database.prepare('SELECT last FROM journal_hours WHERE hour = ?'),
  };
}

function select(
  { keys = [], from, to, before, limit }: JournalQuery,
  [first, last]: readonly [number, number],
): { sql: string; values: SQLInputValue[] } {
  const [scanned, ...others] = keys;
  // In SQLite, CROSS JOIN fixes the join order: https://sqlite.org/optoverview.html#crossjoin
  const source =
    scanned === undefined ? 'journal' : 'journal_keys AS scanned CROSS JOIN journal USING (sequence)';
  const sequence = scanned === undefined ? 'journal.sequence' : 'scanned.sequence';
  const conditions = [`${sequence} BETWEEN ? AND ?`];
  const values: SQLInputValue[] = [first, Math.min(last, (before ?? Number.MAX_SAFE_INTEGER) - 1)];
  const where = (condition: string, value: SQLInputValue | undefined) => {
    if (value === undefined) return;
    conditions.push(condition);
    values.push(value);
  };
  where('scanned.key = ?', scanned);
  for (const key of others) {
    where(`EXISTS (SELECT 1 FROM journal_keys WHERE key = ? AND sequence = ${sequence})`, key);
  }
  where('at >= ?', from);
  where('at <= ?', to);
  return {
    sql: `SELECT ${sequence} AS sequence, at, value FROM ${source}
          WHERE ${conditions.join(' AND ')} ORDER BY ${sequence} DESC LIMIT ?`,
    values: [...values, limit + 1],
  };
}
