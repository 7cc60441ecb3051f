/** Removes the texts of lines, and what the index says about them. */
import type { DatabaseSync } from 'node:sqlite';
import type { JournalLog } from '../contract.ts';
import { indexOf } from '../journal/index-lines.ts';
import { withoutPostings } from '../journal/postings.ts';
import type { GroupCommit } from './group-commit.ts';
import { lineOf } from './journal-reader.ts';

export function pruneIn(database: DatabaseSync, { commit }: GroupCommit): JournalLog['prune'] {
  const bounds = database.prepare('SELECT min(indexed, size) AS last FROM journal_state');
  const line = database.prepare('SELECT sequence, at, salt, value FROM journal WHERE sequence = ?');
  const empty = database.prepare("UPDATE journal SET value = '', salt = x'' WHERE sequence = ?");
  const list = database.prepare('SELECT list FROM journal_lists WHERE name = ? AND block = ?');
  const setList = database.prepare('UPDATE journal_lists SET list = ? WHERE name = ? AND block = ?');
  const removeList = database.prepare('DELETE FROM journal_lists WHERE name = ? AND block = ?');
  return (sequences) => {
    // Overwrites what it removes, also in the pages that become free.
    database.exec('PRAGMA secure_delete = ON');
    return commit(() => {
      const last = Number(bounds.get()?.last);
      if (sequences.some((sequence) => sequence > last)) return false;
      const rows = sequences.map((sequence) => line.get(sequence)).filter((row) => row !== undefined);
      for (const { name, block, list: removed } of indexOf(rows.map(lineOf)).postings) {
        const rest = withoutPostings(name, String(list.get(name, block)?.list ?? ''), removed);
        if (rest === '') removeList.run(name, block);
        else setList.run(rest, name, block);
      }
      for (const sequence of sequences) empty.run(sequence);
      return true;
    });
  };
}
