/** A consistent backup of a database that is in use. */
import { closeSync, fsyncSync, openSync } from 'node:fs';
import { backup, DatabaseSync } from 'node:sqlite';
import { openingFailure } from './failure.ts';
import { examineWhole } from './open.ts';

/** All pages in one step: a write by another process between two steps would restart the backup. */
const pagesPerStep = 2 ** 31 - 1;

/** Backs up `file`, which may be in use, to a new file with mode 0600, and then checks every page of the backup. */
export async function copySqlite(file: string, to: string): Promise<void> {
  examineWhole(file);
  closeSync(openSync(to, 'ax', 0o600));
  const database = new DatabaseSync(file, { readOnly: true, timeout: 4_000 });
  try {
    await backup(database, to, { rate: pagesPerStep });
  } catch (cause) {
    throw openingFailure(file, cause);
  } finally {
    database.close();
  }
  removeJournal(to);
  examineWhole(to);
}

/** Without a write-ahead log, the backup is a single file. */
function removeJournal(file: string): void {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = DELETE');
  database.close();
  const handle = openSync(file, 'r+');
  fsyncSync(handle);
  closeSync(handle);
}

/** Throws `state_unusable` if the file is damaged, or another program or a newer version of Sojourn wrote it. */
export function examineSqlite(file: string): void {
  try {
    examineWhole(file);
  } catch (cause) {
    throw openingFailure(file, cause);
  }
}
