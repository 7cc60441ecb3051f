/** Reads lines and their index. */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { SealedLine } from '../contract.ts';
import type { JournalReader } from '../journal/search.ts';
import { retryWhileLocked } from './retry.ts';

/** A pruned line has the empty text, which is not JSON. */
export const lineOf = ({ sequence, at, salt, value }: Record<string, SQLOutputValue>): SealedLine => ({
  sequence: Number(sequence),
  at: Number(at),
  salt: salt as Uint8Array,
  text: value === '' ? undefined : String(value),
});

/** Blocks per read of the index. */
const pageSize = 200;

export function readerIn(database: DatabaseSync): JournalReader {
  const line = database.prepare('SELECT sequence, at, salt, value FROM journal WHERE sequence = ?');
  const extent = database.prepare(
    'SELECT (SELECT coalesce(max(sequence), 0) FROM journal) AS newest, indexed FROM journal_state',
  );
  const hours = database.prepare('SELECT first, last FROM journal_hours WHERE hour BETWEEN ? AND ?');
  const blocks = database.prepare(
    'SELECT block FROM journal_lists WHERE name = ? AND block BETWEEN ? AND ? ORDER BY block DESC LIMIT ?',
  );
  const list = database.prepare('SELECT list FROM journal_lists WHERE name = ? AND block = ?');
  const readBlocks = retryWhileLocked((...range: [string, number, number]) =>
    blocks.all(...range, pageSize).map((row) => Number(row.block)),
  );
  return {
    extent: retryWhileLocked(() => extent.get() as { newest: number; indexed: number }),
    read: retryWhileLocked((sequences: readonly number[]) =>
      sequences.flatMap((sequence) => {
        const row = line.get(sequence);
        return row ? [lineOf(row)] : [];
      }),
    ),
    hours: retryWhileLocked((low: number, high: number) =>
      hours.all(integer(low), integer(high)).map(({ first, last }) => [Number(first), Number(last)] as const),
    ),
    async *blocks(name, low, high) {
      for (let next = high; next >= low; ) {
        const page = await readBlocks(name, low, next);
        yield* page;
        if (page.length < pageSize) return;
        next = page.at(-1)! - 1;
      }
    },
    lists: retryWhileLocked((names: readonly string[], block: number) =>
      names.map((name) => String(list.get(name, block)?.list ?? '')),
    ),
  };
}

const integer = (number: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(number, Number.MAX_SAFE_INTEGER));
