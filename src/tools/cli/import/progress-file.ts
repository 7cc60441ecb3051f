/** The progress list on disk. Only its owner may read it: it contains the invitation links. */
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
  /** The links in the existing file, by connection. */
  readonly links: ReadonlyMap<string, string>;
  /** Appends the row at once: the server shows a link only once. */
  add(row: ProgressRow): void;
  /** Rewrites the file with these rows; rows of other connections stay. */
  finish(rows: readonly ProgressRow[]): void;
}

const ownerOnly = 0o600;

/** Throws a usage error if the file cannot be written, or exists and is not a progress list. */
export function openProgressFile(path: string): ProgressFile {
  const withUsageError = <T>(access: () => T): T => {
    try {
      return access();
    } catch (error) {
      throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    }
  };
  const bytes = withUsageError(() => (existsSync(path) ? readFileSync(path) : new Uint8Array()));
  const before = bytes.length === 0 ? [] : readProgress(bytes);
  if (!before)
    throw usageError(
      `--output: ${path} exists and is not a progress list (UTF-8, with the columns ${columns.join(', ')}). Give another file.`,
    );
  const write = (rows: readonly ProgressRow[]) =>
    withUsageError(() => {
      const temporary = `${path}.new`;
      const file = openSync(temporary, 'w', ownerOnly);
      fchmodSync(file, ownerOnly);
      writeFileSync(file, progressHeader + rows.map(progressLine).join(''));
      fsyncSync(file);
      closeSync(file);
      renameSync(temporary, path);
    });
  // Rewrites the file in our own format, because another program may have saved it and rows are appended from here on.
  write(before);
  return {
    links: linksIn(before),
    add: (row) => withUsageError(() => appendFileSync(path, progressLine(row))),
    finish: (rows) => write(latestOf([...before, ...rows])),
  };
}
