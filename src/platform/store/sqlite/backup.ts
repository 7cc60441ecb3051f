/** A copy of a database in use, as it is at one moment. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { openingFailure } from './failure.ts';
import { examineWhole } from './open.ts';

/** All pages in one step: between two steps another process could write, and the copy would begin again each time. */
const pagesAtOnce = 2 ** 31 - 1;

/** Copies into a new file for its owner alone, while others read and write `file`; then looks at every page of the copy. */
export async function copySqlite(file: string, to: string): Promise<void> {
  examineWhole(file);
  closeSync(openSync(to, 'ax', 0o600));
  const database = new DatabaseSync(file, { readOnly: true, timeout: 4_000 });
  try {
    await backup(database, to, { rate: pagesAtOnce });
  } catch (cause) {
    throw openingFailure(file, cause);
  } finally {
    database.close();
  }
  settle(to);
  examineWhole(to);
}

/** Without a write-ahead log, the copy is one file and needs no others beside it to be read. */
function settle(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = DELETE');
  database.close();
  const handle = openSync(file, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

/** Rejects with `state_unusable` for a file that is damaged, another program's, or a newer program's. */
export function examineSqlite(file: string): void {
  try {
    examineWhole(file);
  } catch (cause) {
    throw openingFailure(file, cause);
  }
}
