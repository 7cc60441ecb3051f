/** Opens the file. Rejects, without changing it, a file that is damaged or that another program or a newer version wrote. */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { SojournError } from '../../errors/index.ts';
import { damaged, openingFailure } from './failure.ts';
import { requirePrivate } from './permissions.ts';
import { applicationId, migrations } from './schema.ts';

/** How long to wait for a lock of another process, in milliseconds. Blocking is acceptable during the start. */
const lockTimeoutMs = 4_000;

/**
 * The start checks every table of version 1 that serving reads. It skips the journal, which grows without limit (a second
 * per 400 MB); a search detects damage there, and every backup checks the whole file.
 */
const startChecks = ['documents', 'journal_hours', 'pulse'].map((table) => `quick_check(${table})`);
const fullCheck = ['quick_check(1)'];

export function openFile(path: string, sharedDatabase: boolean): DatabaseSync {
  const file = resolve(path);
  let database: DatabaseSync | undefined;
  try {
    if (existsSync(file)) examine(file, startChecks);
    else create(file);
    if (!sharedDatabase) requirePrivate(file);
    database = new DatabaseSync(file, { timeout: lockTimeoutMs });
    // FULL: an acknowledged commit has reached the disk and survives a power failure.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    migrate(database, file);
    // SQLite's busy timeout would block the event loop; from here on, `retryWhileLocked` retries instead.
    database.exec('PRAGMA busy_timeout = 0');
    return database;
  } catch (cause) {
    database?.close();
    throw openingFailure(file, cause);
  }
}

/** Creates the file with mode 0600 first, because SQLite copies the mode of the main file to its side files. */
function create(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  closeSync(openSync(file, 'a', 0o600));
}

export const examineWhole = (file: string): void => examine(file, fullCheck);

/** Uses a read-only connection, so that a rejected file stays unchanged, even by closing the connection. */
function examine(file: string, checks: readonly string[]): void {
  const database = new DatabaseSync(file, { readOnly: true, timeout: lockTimeoutMs });
  try {
    if (database.prepare('SELECT 1 FROM sqlite_schema').get() === undefined) return;
    requireOwn(database, file);
    for (const check of checks) {
      const verdict = pragma(database, check);
      if (verdict !== 'ok') throw damaged(file, String(verdict));
    }
  } finally {
    database.close();
  }
}

function requireOwn(database: DatabaseSync, file: string): number {
  if (pragma(database, 'application_id') === applicationId) return versionOf(database, file);
  throw new SojournError('state_unusable', {
    detail: `The database ${file} belongs to another program.`,
    advice: 'Use another file. Sojourn did not change this one.',
  });
}

/** For a connection that cannot migrate the file. */
export function requireCurrent(database: DatabaseSync, file: string): void {
  if (requireOwn(database, file) === migrations.length) return;
  throw new SojournError('state_unusable', {
    detail: `The database ${file} is of an older version.`,
    advice: 'Start the server once, which upgrades it; upgrade a backup by restoring it.',
  });
}

function versionOf(database: DatabaseSync, file: string): number {
  const version = Number(pragma(database, 'user_version'));
  if (version > migrations.length) {
    throw new SojournError('state_unusable', {
      detail: `The database ${file} has version ${version}; this version of Sojourn supports versions up to ${migrations.length}.`,
      advice: 'Start the newer version of Sojourn again, or restore a backup from before the upgrade.',
    });
  }
  return version;
}

function migrate(database: DatabaseSync, file: string): void {
  if (versionOf(database, file) === migrations.length) return;
  // Reads the version again inside the transaction: another process may have migrated the file.
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
