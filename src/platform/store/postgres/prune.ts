/** Removes the texts of lines, and what the index says about them. */
import type { JournalLog } from '../contract.ts';
import { indexOf } from '../journal/index-lines.ts';
import { withoutPostings } from '../journal/postings.ts';
import { type Database, prepared, type Row } from './database.ts';
import type { attempt } from './failure.ts';
import { toKey } from './keys.ts';
import { lineOf } from './lines.ts';

/** The lock keeps others from indexing, and so from adding to the lists that this transaction replaces. */
const bounds = prepared('SELECT least(indexed, size) AS last FROM sojourn.journal_state FOR UPDATE');
const lines = prepared(
  'SELECT sequence, at, salt, value FROM sojourn.journal WHERE sequence = ANY ($1) ORDER BY sequence',
);
const lists = prepared(
  `SELECT name, block, list FROM unnest($1::text[], $2::bigint[]) AS wanted (name, block)
   JOIN sojourn.journal_lists USING (name, block)`,
);
const setLists = prepared(
  `UPDATE sojourn.journal_lists SET list = changed.list
   FROM unnest($1::text[], $2::bigint[], $3::text[]) AS changed (name, block, list)
   WHERE journal_lists.name = changed.name AND journal_lists.block = changed.block`,
);
const removeEmpty = prepared(
  `DELETE FROM sojourn.journal_lists USING unnest($1::text[], $2::bigint[]) AS changed (name, block)
   WHERE journal_lists.name = changed.name AND journal_lists.block = changed.block AND list = ''`,
);
const empty = prepared("UPDATE sojourn.journal SET value = '', salt = '' WHERE sequence = ANY ($1)");

export const pruneIn =
  ({ run }: Database, write: typeof attempt): JournalLog['prune'] =>
  (sequences) =>
    write(() =>
      run(async (client) => {
        const query = async (statement: typeof bounds, ...values: readonly unknown[]) =>
          (await client.query<Row>({ ...statement, values: [...values] })).rows;
        await client.query('BEGIN');
        const [bound] = await query(bounds);
        const isDue = sequences.every((sequence) => sequence <= Number(bound?.last));
        if (isDue) {
          const { postings } = indexOf((await query(lines, sequences)).map(lineOf));
          const removed = new Map(
            postings.map(({ name, block, list }) => [`${block}:${toKey(name)}`, { name, list }]),
          );
          const names = postings.map(({ name }) => toKey(name));
          const blocks = postings.map(({ block }) => block);
          const found = await query(lists, names, blocks);
          const rest = found.map((row) => {
            const { name, list } = removed.get(`${row.block}:${row.name}`)!;
            return withoutPostings(name, String(row.list), list);
          });
          await query(
            setLists,
            found.map(({ name }) => name),
            found.map(({ block }) => block),
            rest,
          );
          await query(removeEmpty, names, blocks);
          await query(empty, sequences);
        }
        await client.query('COMMIT');
        return isDue;
      }),
    );
