/**
 * What can go wrong with a key service. The caller of /token learns that it did; what the service said, and about which
 * key, is the cause and goes to the log, the audit and /readyz.
 */
import { SojournError } from '../../../platform/errors/index.ts';

/** No answer, or one that means nothing: a fault of the moment. */
export const unavailable = (why: string): SojournError =>
  new SojournError('key_backend_unavailable', { cause: new Error(toOneLine(why)), retryAfter: 1 });

export const throttled = (why: string, retryAfter = 1): SojournError =>
  new SojournError('key_backend_throttled', { cause: new Error(toOneLine(why)), retryAfter });

/** A clear no: disabled, deleted, denied. Asking again does not help until somebody has acted. */
export const refused = (why: string): SojournError =>
  new SojournError('key_backend_refused', { cause: new Error(toOneLine(why)), retryAfter: 5 });

export const wrongSignature = (why: string): SojournError =>
  new SojournError('key_backend_signature_invalid', { cause: new Error(toOneLine(why)), retryAfter: 5 });

/** What stands behind an error, for the operator. */
export const reasonOf = (error: SojournError): string =>
  error.cause instanceof Error ? error.cause.message : error.message;

/** A foreign text: one line, and not a long one. */
const toOneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().slice(0, 300);
