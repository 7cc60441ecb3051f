/** The permissions of the database: its content is private, and a replaced file would be another state. */
import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { SojournError } from '../../errors/index.ts';

const override = 'or set allow.shared_database: true in the configuration to accept this.';

/**
 * @throws {SojournError} `state_unusable` if other users have access to the file or to a side file of SQLite, or can replace
 * them
 */
export function requirePrivate(file: string): void {
  for (const path of [file, `${file}-wal`, `${file}-shm`]) {
    const mode = modeOf(statSync(path, { throwIfNoEntry: false }));
    if ((mode & 0o077) !== 0)
      throw unusable(
        path,
        mode,
        'users other than its owner have access to the database',
        `chmod 600 ${path}`,
      );
  }
  const folder = dirname(file);
  const mode = modeOf(statSync(folder, { throwIfNoEntry: false }));
  if ((mode & 0o022) !== 0)
    throw unusable(
      folder,
      mode,
      'users other than its owner can replace the database',
      `chmod 700 ${folder}`,
    );
}

const modeOf = (stats: Stats | undefined): number => (stats?.mode ?? 0) & 0o777;

const unusable = (path: string, mode: number, problem: string, command: string) =>
  new SojournError('state_unusable', {
    detail: `${path} has mode ${mode.toString(8).padStart(4, '0')}: ${problem}.`,
    advice: `Run: ${command}, ${override}`,
  });
