/**
 * The embedded store: one SQLite file with synchronous commits. Calls to SQLite are synchronous (a durable commit takes
 * about 0.1 ms on a good disk and milliseconds on a shared one), so each operation is atomic within the process, and
 * SQLite's locks make it atomic across processes. All writes use group commit.
 */
import type { Store, StoreDependencies } from '../contract.ts';
import { documentsIn } from './documents.ts';
import { groupCommit } from './group-commit.ts';
import { journalIn } from './journal.ts';
import { openFile } from './open.ts';

export function openSqlite(
  path: string,
  { now, sharedDatabase = false }: Pick<StoreDependencies, 'now' | 'sharedDatabase'>,
): Store {
  const database = openFile(path, sharedDatabase);
  const commits = groupCommit(database);
  const { stop, ...journal } = journalIn(database, commits);
  const pulse = database.prepare('UPDATE pulse SET beats = beats + 1');
  return {
    ...documentsIn(database, commits, now),
    ...journal,
    // A write, so that the readiness check fails on a full disk or a stuck lock.
    ping: () => commits.commit(() => void pulse.run()),
    close: async () => {
      await stop();
      await commits.settled();
      if (database.isOpen) database.close();
    },
  };
}
