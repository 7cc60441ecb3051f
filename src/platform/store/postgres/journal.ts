/** The journal in PostgreSQL. An append writes the line alone; its index and its place in the Merkle tree follow. */
import { randomBytes } from 'node:crypto';
import type { Continuity } from '../continuity.ts';
import type { Store } from '../contract.ts';
import { indexBatchSize, indexOf } from '../journal/index-lines.ts';
import { startIndexer } from '../journal/indexer.ts';
import { searchIn } from '../journal/search.ts';
import { toCanonicalText } from '../text.ts';
import { type Database, prepared } from './database.ts';
import { attempt } from './failure.ts';
import { groupCommit } from './group-commit.ts';
import { toKey } from './keys.ts';
import { lineOf, linesIn, readerIn } from './lines.ts';
import { pruneIn } from './prune.ts';
import { treeIn } from './tree.ts';

/** A pruned line has no salt. */
const kept = prepared("SELECT FROM sojourn.journal WHERE sequence = $1 AND (salt = $2 OR value = '')");
const unindexed = prepared(
  `SELECT (SELECT indexed FROM sojourn.journal_state) AS indexed, sequence, at, salt, value FROM sojourn.journal
   WHERE sequence > (SELECT indexed FROM sojourn.journal_state) ORDER BY sequence LIMIT $1`,
);
/** Adds to the lists and hours, unless another replica has indexed these lines. */
const indexLines = prepared(`WITH due AS (
    UPDATE sojourn.journal_state SET indexed = $2 WHERE indexed = $1 RETURNING 1
  ), listed AS (
    INSERT INTO sojourn.journal_lists (name, block, list)
    SELECT name, block, list FROM unnest($3::text[], $4::bigint[], $5::text[]) AS added (name, block, list), due
    ON CONFLICT (name, block) DO UPDATE SET list = journal_lists.list || excluded.list
  )
  INSERT INTO sojourn.journal_hours (hour, first, last)
  SELECT hour, first, last FROM unnest($6::bigint[], $7::bigint[], $8::bigint[]) AS added (hour, first, last), due
  ON CONFLICT (hour) DO UPDATE SET last = excluded.last`);

export function journalIn(
  database: Database,
  write: typeof attempt,
  continuity: Continuity,
): Pick<Store, 'append' | 'search' | 'count' | 'log'> & { stop(): Promise<void> } {
  const commits = groupCommit(database, continuity);
  const stopIndexer = startIndexer(() => write(() => indexNext(database)));
  const { search, count } = searchIn(readerIn(database));
  const lines = linesIn(database);
  return {
    append: async ({ at, value, text = toCanonicalText(value) }) =>
      write(() => commits.append({ at, salt: randomBytes(16), text })),
    search: (query) => attempt(() => search(query)),
    count: (query) => attempt(() => count(query)),
    log: {
      lines: (after, limit) => attempt(() => lines(after, limit)),
      continues: () =>
        attempt(async () => {
          const { last } = continuity;
          return !last || (await database.query(kept, last.sequence, last.salt)).length === 1;
        }),
      ...treeIn(database, write),
      prune: pruneIn(database, write),
    },
    async stop() {
      await stopIndexer();
      await commits.settled();
    },
  };
}

/** Indexes the next lines; resolves to how many. Another replica may have done so first, which changes nothing. */
async function indexNext({ query }: Database): Promise<number> {
  const rows = await query(unindexed, indexBatchSize);
  const lines = rows.map(lineOf);
  if (lines.length === 0) return 0;
  const { postings, hours } = indexOf(lines);
  const spans = [...hours];
  await query(
    indexLines,
    ...[Number(rows[0]?.indexed), lines.at(-1)!.sequence],
    postings.map(({ name }) => toKey(name)),
    postings.map(({ block }) => block),
    postings.map(({ list }) => list),
    spans.map(([hour]) => hour),
    spans.map(([, [first]]) => first),
    spans.map(([, [, last]]) => last),
  );
  return lines.length;
}
