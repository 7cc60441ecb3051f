/** Reads lines and their index. */
import type { JournalLog, SealedLine } from '../contract.ts';
import type { JournalReader } from '../journal/search.ts';
import { type Database, prepared, type Row } from './database.ts';
import { fromKey, toKey } from './keys.ts';

/** A pruned line has the empty text, which is not JSON. */
export const lineOf = ({ sequence, at, salt, value }: Row): SealedLine => ({
  sequence: Number(sequence),
  at: Number(at),
  salt: salt as Uint8Array,
  text: value === '' ? undefined : String(value),
});

const following = prepared(
  'SELECT sequence, at, salt, value FROM sojourn.journal WHERE sequence > $1 ORDER BY sequence LIMIT $2',
);
const numbered = prepared(
  `SELECT sequence, at, salt, value FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (sequence, place)
   JOIN sojourn.journal USING (sequence) ORDER BY place`,
);
const extent = prepared(
  'SELECT (SELECT coalesce(max(sequence), 0) FROM sojourn.journal) AS newest, indexed FROM sojourn.journal_state',
);
const hours = prepared('SELECT first, last FROM sojourn.journal_hours WHERE hour BETWEEN $1 AND $2');
const blocks = prepared(
  'SELECT block FROM sojourn.journal_lists WHERE name = $1 AND block BETWEEN $2 AND $3 ORDER BY block DESC LIMIT $4',
);
const lists = prepared('SELECT name, list FROM sojourn.journal_lists WHERE name = ANY ($1) AND block = $2');

/** Blocks per read of the index. */
const pageSize = 200;

export const linesIn =
  ({ query }: Pick<Database, 'query'>): JournalLog['lines'] =>
  async (after, limit) =>
    (await query(following, after, limit)).map(lineOf);

export function readerIn({ query }: Database): JournalReader {
  return {
    async extent() {
      const [row] = await query(extent);
      return { newest: Number(row?.newest), indexed: Number(row?.indexed) };
    },
    read: async (sequences) => (await query(numbered, sequences)).map(lineOf),
    hours: async (low, high) =>
      (await query(hours, integer(low), integer(high))).map(
        ({ first, last }) => [Number(first), Number(last)] as const,
      ),
    async *blocks(name, low, high) {
      for (let next = high; next >= low; ) {
        const page = (await query(blocks, toKey(name), low, next, pageSize)).map(({ block }) =>
          Number(block),
        );
        yield* page;
        if (page.length < pageSize) return;
        next = page.at(-1)! - 1;
      }
    },
    async lists(names, block) {
      const rows = await query(lists, names.map(toKey), block);
      const found = new Map(rows.map(({ name, list }) => [fromKey(String(name)), String(list)]));
      return names.map((name) => found.get(name) ?? '');
    },
  };
}

const integer = (number: number): number =>
  Math.max(Number.MIN_SAFE_INTEGER, Math.min(number, Number.MAX_SAFE_INTEGER));
