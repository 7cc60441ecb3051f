/** The list on disk. It holds links, which open the pages of customers: nobody but its owner reads it. */
import {
  appendFileSync,
  closeSync,
  existsSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { usageError } from '../failure.ts';
import {
  columns,
  latestOf,
  linksIn,
  type ProgressRow,
  progressHeader,
  progressLine,
  readProgress,
} from './progress.ts';

export interface ProgressFile {
  /** The links that it had, by connection. */
  readonly links: ReadonlyMap<string, string>;
  /** At once: a link that is lost here is lost. */
  add(row: ProgressRow): void;
  /** The whole list: these rows, and those of other connections as they were. */
  finish(rows: readonly ProgressRow[]): void;
}

const ownerOnly = 0o600;

/** Throws a usage error for a file that cannot be written, or holds what is no list and would be lost. */
export function openProgressFile(path: string): ProgressFile {
  const trying = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    }
  };
  const bytes = trying(() => (existsSync(path) ? readFileSync(path) : new Uint8Array()));
  const before = bytes.length === 0 ? [] : readProgress(bytes);
  if (!before)
    throw usageError(
      `--output: ${path} is there and is no list of an import, in UTF-8 with the columns ${columns.join(', ')}. Name another file.`,
    );
  const write = (rows: readonly ProgressRow[]) =>
    trying(() => {
      const fresh = `${path}.new`;
      const file = openSync(fresh, 'w', ownerOnly);
      fchmodSync(file, ownerOnly);
      writeFileSync(file, progressHeader + rows.map(progressLine).join(''));
      fsyncSync(file);
      closeSync(file);
      renameSync(fresh, path);
    });
  // In our own form, whatever program saved it last: lines are added to it from now on.
  write(before);
  return {
    links: linksIn(before),
    add: (row) => trying(() => appendFileSync(path, progressLine(row))),
    finish: (rows) => write(latestOf([...before, ...rows])),
  };
}
