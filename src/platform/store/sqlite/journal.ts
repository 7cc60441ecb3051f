/** The journal in SQLite. An append writes the line alone; its index and its place in the Merkle tree follow. */
import { randomBytes } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { type Continuity, lostLines, lostWrites } from '../continuity.ts';
import type { SealedLine, Store } from '../contract.ts';
import { indexBatchSize, indexOf } from '../journal/index-lines.ts';
import { startIndexer } from '../journal/indexer.ts';
import { searchIn } from '../journal/search.ts';
import { toCanonicalText } from '../text.ts';
import type { GroupCommit } from './group-commit.ts';
import { lineOf, readerIn } from './journal-reader.ts';
import { pruneIn } from './prune.ts';
import { retryWhileLocked } from './retry.ts';
import { treeIn } from './tree.ts';

export function journalIn(
  database: DatabaseSync,
  commits: GroupCommit,
  continuity: Continuity,
): Pick<Store, 'append' | 'search' | 'count' | 'log'> & { stop(): Promise<void> } {
  const append = database.prepare('INSERT INTO journal (at, value, salt) VALUES (?, ?, ?)');
  const following = database.prepare(
    'SELECT sequence, at, salt, value FROM journal WHERE sequence > ? ORDER BY sequence LIMIT ?',
  );
  const linesAfter = (after: number, limit: number) => following.all(after, limit).map(lineOf);
  const newest = database.prepare('SELECT max(sequence) > indexed AS more FROM journal, journal_state');
  // A pruned line has no salt.
  const kept = database.prepare("SELECT 1 FROM journal WHERE sequence = ? AND (salt = ? OR value = '')");
  const hasMore = () => newest.get()?.more === 1;
  const indexNext = indexNextIn(database, linesAfter);
  const stop = startIndexer(async () => (hasMore() ? commits.commit(indexNext) : 0));
  return {
    async append({ at, value, text = toCanonicalText(value) }) {
      const salt = randomBytes(16);
      const sequence = await commits.commit(() => {
        const { last } = continuity;
        if (last && !kept.get(last.sequence, last.salt)) throw lostWrites(continuity, lostLines);
        return Number(append.run(at, text, salt).lastInsertRowid);
      });
      if (sequence > (continuity.last?.sequence ?? 0)) continuity.last = { sequence, salt };
      return sequence;
    },
    ...searchIn(readerIn(database)),
    log: {
      lines: retryWhileLocked(linesAfter),

      continues: retryWhileLocked(() => {
        const { last } = continuity;
        return !last || kept.get(last.sequence, last.salt) !== undefined;
      }),
      ...treeIn(database, commits),
      prune: pruneIn(database, commits),
    },
    stop,
  };
}

/** Indexes the next lines, in a transaction of the caller; returns how many. */
function indexNextIn(
  database: DatabaseSync,
  linesAfter: (after: number, limit: number) => readonly SealedLine[],
): () => number {
  const state = database.prepare('SELECT indexed FROM journal_state');
  const indexed = database.prepare('UPDATE journal_state SET indexed = ?');
  const addToList = database.prepare(
    `INSERT INTO journal_lists (name, block, list) VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET list = list || excluded.list`,
  );
  const noteHour = database.prepare(
    `INSERT INTO journal_hours VALUES (?, ?, ?)
     ON CONFLICT (hour) DO UPDATE SET last = excluded.last`,
  );
  return () => {
    const lines = linesAfter(Number(state.get()?.indexed), indexBatchSize);
    const newest = lines.at(-1);
    if (!newest) return 0;
    const { postings, hours } = indexOf(lines);
    for (const { name, block, list } of postings) addToList.run(name, block, list);
    for (const [hour, [first, last]] of hours) noteHour.run(hour, first, last);
    indexed.run(newest.sequence);
    return lines.length;
  };
}
