/** Errors of commands: one sentence on what is wrong, one on what to do. */
import { CommanderError } from 'commander';
import { type ErrorCode, errorTable, SojournError } from '../../platform/errors/index.ts';
import { SojournRequestError } from '../sdk/index.ts';
import type { Terminal } from './command.ts';
import { printable } from './print.ts';

/** An error in the command line; exit code 2. */
export const usageError = (message: string): CommanderError =>
  new CommanderError(2, 'sojourn.usage', message);

/** Reads an error response: a problem document (RFC 9457), or the OAuth form of /token (RFC 6749 section 5.2). */
export function errorFromResponse(status: number, body: string): SojournError {
  const value = parseJson(body);
  const problem = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const code = Object.hasOwn(errorTable, String(problem.code)) ? (problem.code as ErrorCode) : 'internal';
  const detail = problem.detail ?? problem.error_description ?? problem.error;
  return new SojournError(code, {
    detail: typeof detail === 'string' ? detail : `The server answered ${status}.`,
    advice:
      typeof problem.advice === 'string'
        ? problem.advice
        : 'Check that the URL is the URL of a Sojourn server.',
  });
}

/** Prints the error and returns the exit code. */
export function reportFailure(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) {
    if (error.code === 'sojourn.usage') terminal.err(`${error.message}\n`);
    return error.exitCode === 0 ? 0 : 2;
  }
  if (error instanceof SojournRequestError) {
    terminal.err(`${printable(error.detail)}\n→ ${printable(error.advice)}\n`);
    // An invalid argument is a usage error: no request was sent.
    return error.code === 'invalid_argument' ? 2 : 1;
  }
  if (!(error instanceof SojournError)) throw error;
  if (error.faults.length > 0) {
    for (const { path, message } of error.faults) terminal.err(`${printable(`${path}: ${message}`)}\n`);
    terminal.err(`→ ${printable(error.advice)}\n`);
  } else {
    terminal.err(`${printable(error.message)}\n→ ${printable(error.advice)}\n`);
  }
  return 1;
}

/** The parsed value; undefined if the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
