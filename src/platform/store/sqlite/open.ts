/** Opening the file: ours, undamaged, and not from the future; otherwise it is refused by name and left as it is. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SojournError } from '../../errors/index.ts';
import { damaged, openingFailure } from './failure.ts';
import { applicationId, migrations } from './schema.ts';

/** How long to wait for another process that holds the file, in milliseconds. Nobody waits for us while we start. */
const openingMs = 4_000;

/**
 * What a start looks through: every table that is read to serve. Not the journal and its keys, which grow without end, at a
 * second for each 400 MB; what is wrong with them is met by a search, and told by every backup.
 */
const served = ['documents', 'journal_hours', 'pulse'].map((table) => `quick_check(${table})`);
const whole = ['quick_check(1)'];

export function openFile(path: string): DatabaseSync {
  const file = resolve(path);
  let database: DatabaseSync | undefined;
  try {
    if (existsSync(file)) examine(file, served);
    else create(file);
    database = new DatabaseSync(file, { timeout: openingMs });
    // FULL: a commit has reached the disk when it is acknowledged, whatever happens to the machine afterwards.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database, file);
    // SQLite's wait stops the whole process; from now on `attempt` waits.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (cause) {
    database?.close();
    throw openingFailure(file, cause);
  }
}

/** SQLite gives its side files the mode of the main one, so that is set before SQLite sees it. */
function create(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}

export const examineWhole = (file: string): void => examine(file, whole);

/** Through a connection that cannot write: not even closing it moves a byte of a file that will be refused. */
function examine(file: string, checks: readonly string[]): void {
  const database = new DatabaseSync(file, { readOnly: true, timeout: openingMs });
  try {
    if (database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return;
    if (pragma(database, 'application_id') !== applicationId) {
      throw new SojournError('state_unusable', {
        detail: `The database ${file} belongs to another program.`,
        advice: 'Name another file; nothing was changed in this one.',
      });
    }
    versionOf(database, file);
    for (const check of checks) {
      const verdict = pragma(database, check);
      if (verdict !== 'ok') throw damaged(file, String(verdict));
    }
  } finally {
    database.close();
  }
}

function versionOf(database: DatabaseSync, file: string): number {
  const version = Number(pragma(database, 'user_version'));
  if (version > migrations.length) {
    throw new SojournError('state_unusable', {
      detail: `The database ${file} is of version ${version}; this program knows versions up to ${migrations.length}.`,
      advice: 'Start the newer program again, or restore a backup from before the upgrade.',
    });
  }
  return version;
}

function migrate(database: DatabaseSync, file: string): void {
  if (versionOf(database, file) === migrations.length) return;
  // Asked again inside: another process may just have done it.
  database.exec('BEGIN IMMEDIATE');
  try {
    for (const script of migrations.slice(versionOf(database, file))) database.exec(script);
    database.exec(
      `PRAGMA application_id = ${applicationId}; PRAGMA user_version = ${migrations.length}; COMMIT`,
    );
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const pragma = (database: DatabaseSync, name: string): unknown =>
  Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
