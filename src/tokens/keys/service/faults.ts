/**
 * Errors of a key service. The client of /token gets only the code. The service's message and the key are in the cause,
 * which goes to the log, the audit and /readyz.
 */
import { SojournError } from '../../../platform/errors/index.ts';
import { redact } from '../../../platform/redaction/index.ts';

/** No response, or an unknown one: a transient error. */
export const unavailable = (why: string): SojournError =>
  new SojournError('key_backend_unavailable', { cause: new Error(toOneLine(why)), retryAfter: 1 });

export const throttled = (why: string, retryAfter = 1): SojournError =>
  new SojournError('key_backend_throttled', { cause: new Error(toOneLine(why)), retryAfter });

/** The key is disabled or deleted, or access is denied. A retry fails until an operator fixes it. */
export const refused = (why: string): SojournError =>
  new SojournError('key_backend_refused', { cause: new Error(toOneLine(why)), retryAfter: 5 });

export const wrongSignature = (why: string): SojournError =>
  new SojournError('key_backend_signature_invalid', { cause: new Error(toOneLine(why)), retryAfter: 5 });

/** The cause of an error, for the operator. */
export const reasonOf = (error: SojournError): string =>
  error.cause instanceof Error ? error.cause.message : error.message;

/** One line of at most 300 characters. The service's message is part of it, and may repeat the request. */
const toOneLine = (text: string): string => redact(text).replaceAll(/\s+/g, ' ').slice(0, 300);
