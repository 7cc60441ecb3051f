/** Formats errors as RFC 9457 problems, for every path except /token, which uses the OAuth form. */
import { STATUS_CODES } from 'node:http';
import type { Context } from 'koa';
import { SojournError } from '../../platform/errors/index.ts';

export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly advice: string;
  readonly errors?: readonly { readonly field: string; readonly message: string }[];
  /** Identifies the request in the log and the audit. */
  readonly request_id: string;
}

export function problemOf(error: SojournError, requestId: string): Problem {
  return {
    type: `urn:sojourn:error:${error.code}`,
    title: STATUS_CODES[error.status] ?? 'Error',
    status: error.status,
    code: error.code,
    detail: error.message,
    advice: error.advice,
    ...(error.faults.length > 0
      ? { errors: error.faults.map(({ path, message }) => ({ field: path, message })) }
      : {}),
    request_id: requestId,
  };
}

export function answerProblem(ctx: Context, error: SojournError, requestId: string): void {
  ctx.status = error.status;
  ctx.set('cache-control', 'no-store');
  if (error.retryAfter !== undefined) ctx.set('retry-after', String(error.retryAfter));
  if (error.status === 401) ctx.set('www-authenticate', 'Bearer');
  ctx.body = JSON.stringify(problemOf(error, requestId));
  ctx.type = 'application/problem+json';
}

/** Wraps any other error as `internal`, with the original as its cause. */
export const asSojournError = (error: unknown): SojournError =>
  error instanceof SojournError ? error : new SojournError('internal', { cause: error });
