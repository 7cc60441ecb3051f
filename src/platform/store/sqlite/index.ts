/**
 * The embedded store: one SQLite file with synchronous commits. Calls to SQLite are synchronous (a durable commit takes
 * about 0.1 ms on a good disk and milliseconds on a shared one), so each operation is atomic within the process, and
 * SQLite's locks make it atomic across processes. Appends to the journal use group commit.
 */
import type { Store, StoreDependencies } from '../contract.ts';
import { documentsIn } from './documents.ts';
import { journalIn } from './journal.ts';
import { openFile } from './open.ts';
import { retryWhileLocked } from './retry.ts';

export function openSqlite(
  path: string,
  { now, sharedDatabase = false }: Pick<StoreDependencies, 'now' | 'sharedDatabase'>,
): Store {
  const database = openFile(path, sharedDatabase);
  const { settled, ...journal } = journalIn(database);
  const pulse = database.prepare('UPDATE pulse SET beats = beats + 1');
  return {
    ...documentsIn(database, now),
    ...journal,
    ping: retryWhileLocked(() => {
      // A write, so that the readiness check fails on a full disk or a stuck lock.
      pulse.run();
    }),
    close: async () => {
      await settled();
      if (database.isOpen) database.close();
    },
  };
}
