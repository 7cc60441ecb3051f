/** What a failed exchange means for the cache and for the caller. */
import { SojournError } from '../../platform/errors/index.ts';

/**
 * Transient and internal errors keep cached credentials valid; a refusal by policy or by the cloud evicts them. Every 502
 * is a cloud's answer and every 4xx is Sojourn's refusal; with any other status the cloud was not asked, or did not answer.
 */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof SojournError)) return true;
  if (error.code === 'audit_unavailable') return isTransient(error.cause);
  return error.status >= 500 && error.status !== 502;
}

export const isCloudRefusal = (error: unknown): boolean =>
  error instanceof SojournError && error.status === 502;

/** The caller learns that the audit is unavailable. The failure is the cause, and counts for the cache (`isTransient`). */
export function unrecordedFailure(failure: SojournError, { code, retryAfter }: SojournError): SojournError {
  return new SojournError(code, { cause: failure, ...(retryAfter === undefined ? {} : { retryAfter }) });
}

export function incomplete(missing: readonly string[]): SojournError {
  const fields = missing.map((field) => `target.${field}`).join(', ');
  return new SojournError('connection_incomplete', { detail: `The connection has no ${fields} yet.` });
}
