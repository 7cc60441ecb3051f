/**
 * Errors. Owns: the error class that all modules throw, and the closed table of error codes.
 * Does not own: error responses (server/http, and tokens/issuer for /token).
 */
import { type ErrorCode, errorTable } from './table.ts';

export { type ErrorCode, errorTable };

export interface Fault {
  /** The location: a field of the request, a key of the configuration, or a file. */
  readonly path: string;
  /** The problem, as a predicate without a subject: `must be a string`. */
  readonly message: string;
}

export interface ErrorOptions {
  /** Replaces the table's title. The caller may see it, so it contains no secrets and no data from outside. */
  readonly detail?: string;
  /** Replaces the table's advice. */
  readonly advice?: string;
  /** All faults of an input. */
  readonly faults?: readonly Fault[];
  /** Whole seconds to wait before a retry (Retry-After). */
  readonly retryAfter?: number;
  /** The exact reason; goes to the log, never to the caller. */
  readonly cause?: unknown;
}

export class SojournError extends Error {
  override readonly name = 'SojournError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly advice: string;
  readonly faults: readonly Fault[];
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    super(
      options.detail ?? errorTable[code].title,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.status = errorTable[code].status;
    this.advice = options.advice ?? errorTable[code].advice;
    this.faults = options.faults ?? [];
    this.retryAfter = options.retryAfter;
  }
}

/** A 400 that lists every invalid field. */
export function invalidRequest(faults: readonly Fault[]): SojournError {
  return new SojournError('invalid_request', {
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });
}
