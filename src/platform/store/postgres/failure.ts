/** Maps errors of PostgreSQL and its driver to store errors, and limits the time of a call. */
import { sleep } from '../../time/index.ts';
import { attemptsWith } from '../attempt.ts';

/** In milliseconds; every call must settle in under 2 s. */
export const deadlineMs = 1_500;

interface DatabaseFailure {
  readonly message?: string;
  readonly errors?: unknown[];
  /** Of errors that the server reports, and a SQLSTATE then. */
  readonly severity?: string;
  readonly code?: string;
}

/** The error's message alone: its other members can contain values of the statement. */
export function reasonOf(error: unknown): string {
  const { message, errors } = error as DatabaseFailure;
  // A connection that is refused at several addresses gives an AggregateError without a message.
  return message || (errors ? errors.map(reasonOf).join('; ') : String(error));
}

/** Whether the connection or the server is gone, or is no primary any more; not an error of one statement. */
export function isOutage(error: unknown): boolean {
  const { severity, code = '' } = error as DatabaseFailure;
  return severity === undefined || /^(08|57P|25006|53300)/.test(code);
}

export const attempt = attemptsWith(reasonOf);

/** Rejects at the deadline. The work may continue, and learns of the deadline by the signal. */
export async function inTime<T>(work: (expired: AbortSignal) => Promise<T>): Promise<T> {
  const [settled, expired] = [new AbortController(), new AbortController()];
  try {
    return await Promise.race([
      work(expired.signal),
      sleep(deadlineMs, settled.signal).then(() => {
        expired.abort();
        throw new Error(`PostgreSQL did not answer within ${deadlineMs} ms`);
      }),
    ]);
  } finally {
    settled.abort();
  }
}
