/** The list on disk. It holds links, which open the pages of customers: nobody but its owner reads it. */
import {
  appendFileSync,
  chmodSync,
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
import { linksIn, type Progress, progressHeader, progressLine } from './progress.ts';

export interface ListFile {
  /** The links that it had, by connection. */
  readonly links: ReadonlyMap<string, string>;
  /** At once: a link that is lost here is lost. */
  add(row: Progress): void;
  /** The whole list, in the place of what was there. */
  replace(rows: readonly Progress[]): void;
}

const ownerOnly = 0o600;

export function openList(path: string): ListFile {
  const trying = <T>(act: () => T): T => {
    try {
      return act();
    } catch (error) {
      throw usageError(`--output: ${path} cannot be written (${(error as NodeJS.ErrnoException).code}).`);
    }
  };
  const links = trying(() => {
    const links = existsSync(path) ? linksIn(readFileSync(path, 'utf8')) : new Map<string, string>();
    appendFileSync(path, '', { mode: ownerOnly });
    chmodSync(path, ownerOnly);
    return links;
  });
  return {
    links,
    add: (row) => trying(() => appendFileSync(path, progressLine(row))),
    replace: (rows) =>
      trying(() => {
        const fresh = `${path}.new`;
        const file = openSync(fresh, 'w', ownerOnly);
        fchmodSync(file, ownerOnly);
        writeFileSync(file, progressHeader + rows.map(progressLine).join(''));
        fsyncSync(file);
        closeSync(file);
        renameSync(fresh, path);
      }),
  };
}
