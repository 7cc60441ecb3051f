/** Maps SQLite errors to store errors. */
import { SojournError } from '../../errors/index.ts';

/** Properties of node:sqlite errors; result codes: https://sqlite.org/rescode.html */
export interface SqliteError {
  readonly code?: unknown;
  readonly errcode?: number;
  readonly message?: string;
}

/** SQLITE_BUSY: another process holds the lock. */
export const isBusy = (error: unknown): boolean => ((error as SqliteError).errcode ?? 0) % 256 === 5;

/** SQLITE_CORRUPT and SQLITE_NOTADB; extended codes use the high bits. */
export const isCorrupt = ({ errcode = 0 }: SqliteError) => [11, 26].includes(errcode % 256);

/** Maps errors while serving: a full disk, a lock timeout, a damaged file. Returns programming errors unchanged. */
export function servingFailure(cause: unknown): unknown {
  const error = cause as SqliteError;
  if (isCorrupt(error)) return new SojournError('state_unusable', { cause });
  // ERR_INVALID_STATE: the store was closed.
  if (error.code === 'ERR_SQLITE_ERROR' || error.code === 'ERR_INVALID_STATE') {
    return new SojournError('store_unavailable', { cause, retryAfter: 5 });
  }
  return cause;
}

export const damaged = (file: string, reason: string): SojournError =>
  new SojournError('state_unusable', { detail: `The database ${file} is damaged: ${reason}.` });

/** Maps errors while opening; the error names the file and the reason. */
export function openingFailure(file: string, cause: unknown): unknown {
  if (cause instanceof SojournError) return cause;
  const error = cause as SqliteError;
  if (isCorrupt(error)) return damaged(file, error.message ?? 'unreadable');
  return new SojournError('store_unavailable', {
    detail: `The database ${file} cannot be opened: ${error.message ?? String(cause)}.`,
    advice:
      'Check that its folder is writable, that the disk has free space, and that no other process locks the file.',
    cause,
  });
}
