/**
 * The embedded store: one SQLite file with synchronous commits. Calls to SQLite are synchronous (a durable commit takes
 * about 0.1 ms on a good disk and milliseconds on a shared one), so each operation is atomic within the process, and
 * SQLite's locks make it atomic across processes. All writes use group commit.
 */

import type { Continuity } from '../continuity.ts';
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
  const continuity: Continuity = { fault: undefined, last: undefined };
  const commits = groupCommit(database, path, continuity);
  const { stop, ...journal } = journalIn(database, commits, continuity);
  const pulse = database.prepare('UPDATE pulse SET beats = beats + 1');
  return {
    ...documentsIn(database, commits, now),
    ...journal,
    continuity,
    // A write, so that the readiness check fails on a full disk or a stuck lock.
    ping: () => commits.commit(() => void pulse.run()),
    close: async () => {
      await stop();
      await commits.settled();
      if (database.isOpen) database.close();
    },
  };
}
