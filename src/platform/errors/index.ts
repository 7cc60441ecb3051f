/**
 * What can go wrong, and how it is told. Owns: the one error class and the closed table of codes.
 * Does not own: turning an error into bytes (http does) or deciding that something is an error.
 * Everybody throws these; nobody else defines an error class.
 */
import { type ErrorCode, errorTable } from './table.ts';

export { type ErrorCode, errorTable };

export interface Fault {
  /** Where: a field of the request, a key of the configuration, a file. */
  readonly path: string;
  /** What is wrong there, as half a sentence. */
  readonly message: string;
}

export interface ErrorFacts {
  /** What is wrong in this very case; may be shown to the caller, so it holds no secret and no foreign data. */
  readonly detail?: string;
  /** What to do in this very case; the table's advice otherwise. */
  readonly advice?: string;
  /** Every single fault, when there can be several. */
  readonly faults?: readonly Fault[];
  /** Whole seconds after which another try makes sense (Retry-After). */
  readonly retryAfter?: number;
  /** The true reason; goes to the log, never to the caller. */
  readonly cause?: unknown;
}

export class SojournError extends Error {
  override readonly name = 'SojournError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly advice: string;
  readonly faults: readonly Fault[];
  readonly retryAfter: number | undefined;

  constructor(code: ErrorCode, facts: ErrorFacts = {}) {
    super(
      facts.detail ?? errorTable[code].title,
      facts.cause === undefined ? undefined : { cause: facts.cause },
    );
    this.code = code;
    this.status = errorTable[code].status;
    this.advice = facts.advice ?? errorTable[code].advice;
    this.faults = facts.faults ?? [];
    this.retryAfter = facts.retryAfter;
  }
}

/** A 400 that names every faulty field. */
export function invalidRequest(faults: readonly Fault[]): SojournError {
  return new SojournError('invalid_request', {
    detail: faults.map(({ path, message }) => `${path}: ${message}`).join('; '),
    faults,
  });
}
