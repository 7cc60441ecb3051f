/**
 * Files that an operator names. Owns: reading one with a limit, without waiting for a pipe or reading a device for ever. Does not
 * own: what the file contains, or files that only their owner may read (keys).
 */
import { accessSync, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';

export interface FileLimits {
  readonly maxBytes: number;
  /** Also a pipe or a terminal, as in `sojourn lint <(command)`; a server would wait for its other end. */
  readonly allowPipes?: boolean;
}

/** The content, or why there is none: `cannot be read (ENOENT)`. */
export function readFileWithin(
  file: string,
  { maxBytes, allowPipes = false }: FileLimits,
): { readonly bytes: Buffer } | { readonly fault: string } {
  let descriptor: number;
  try {
    descriptor = openSync(file, allowPipes ? constants.O_RDONLY : constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return { fault: unreadable(error) };
  }
  try {
    const stat = fstatSync(descriptor);
    if (stat.isDirectory()) return { fault: 'is a folder, not a file' };
    if (!allowPipes && !stat.isFile()) return { fault: 'is not a regular file' };
    const bytes = Buffer.alloc(maxBytes + 1);
    let length = 0;
    for (let count = -1; count !== 0 && length <= maxBytes; length += count)
      count = readSync(descriptor, bytes, length, bytes.length - length, null);
    return length > maxBytes
      ? { fault: `is larger than ${Math.floor(maxBytes / 1024)} KB` }
      : { bytes: Buffer.from(bytes.subarray(0, length)) };
  } catch (error) {
    return { fault: unreadable(error) };
  } finally {
    closeSync(descriptor);
  }
}

/** Why a file cannot be read, whatever its size; undefined if it can. */
export function fileFault(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    const stat = statSync(file);
    if (stat.isDirectory()) return 'is a folder, not a file';
    return stat.isFile() ? undefined : 'is not a regular file';
  } catch (error) {
    return unreadable(error);
  }
}

const unreadable = (error: unknown): string =>
  `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})`;
