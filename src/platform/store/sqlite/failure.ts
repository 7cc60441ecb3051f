/** What SQLite says, in the words of the store. */
import { SojournError } from '../../errors/index.ts';

/** What node:sqlite hangs on its errors; https://sqlite.org/rescode.html has the numbers. */
interface SqliteError {
  readonly code?: unknown;
  readonly errcode?: number;
  readonly message?: string;
}

/** SQLITE_BUSY: another process holds the lock. */
export const isBusy = (error: unknown): boolean => ((error as SqliteError).errcode ?? 0) % 256 === 5;

/** SQLITE_CORRUPT and SQLITE_NOTADB; the extended codes have more in the high bits. */
const isDamage = ({ errcode = 0 }: SqliteError) => [11, 26].includes(errcode % 256);

/** While serving: a full disk, a lock held for too long, a file gone bad. A mistake in the program stays what it is. */
export function servingFailure(cause: unknown): unknown {
  const error = cause as SqliteError;
  if (isDamage(error)) return new SojournError('state_unusable', { cause });
  // ERR_INVALID_STATE: the store was closed.
  if (error.code === 'ERR_SQLITE_ERROR' || error.code === 'ERR_INVALID_STATE') {
    return new SojournError('store_unavailable', { cause, retryAfter: 5 });
  }
  return cause;
}

export const damaged = (file: string, reason: string): SojournError =>
  new SojournError('state_unusable', { detail: `The database ${file} is damaged: ${reason}.` });

/** While opening, when the operator is told the file and the reason. */
export function openingFailure(file: string, cause: unknown): unknown {
  if (cause instanceof SojournError) return cause;
  const error = cause as SqliteError;
  if (isDamage(error)) return damaged(file, error.message ?? 'unreadable');
  return new SojournError('store_unavailable', {
    detail: `The database ${file} cannot be opened: ${error.message ?? String(cause)}.`,
    advice:
      'Check that its folder may be written, that the disk has room, and that nobody else holds the file.',
    cause,
  });
}
