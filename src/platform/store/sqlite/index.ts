/**
 * The embedded store: one SQLite file, written through to the disk. Calls are synchronous underneath (a durable commit
 * is a tenth of a millisecond on a fair disk, and milliseconds on a shared one), so each verb is atomic within the process,
 * and SQLite's own locks make it so between processes. Lines of the journal share their commits.
 */
import type { Now } from '../../time/index.ts';
import type { Store } from '../contract.ts';
import { attempt } from './attempt.ts';
import { documentsIn } from './documents.ts';
import { journalIn } from './journal.ts';
import { openFile } from './open.ts';

export function openSqlite(path: string, now: Now): Store {
  const database = openFile(path);
  const { settled, ...journal } = journalIn(database);
  const pulse = database.prepare('UPDATE pulse SET beats = beats + 1');
  return {
    ...documentsIn(database, now),
    ...journal,
    ping: () =>
      attempt(() => {
        // A true write, so that a full disk or a stuck writer shows here and not in the next token.
        pulse.run();
      }),
    close: async () => {
      await settled();
      if (database.isOpen) database.close();
    },
  };
}
