/**
 * Redaction of texts that another machine wrote, because it may echo the request. Owns: removing the secrets of a request from
 * its response, and what looks like a secret from a quoted text. Does not own: the fields that the logger redacts (log).
 */
export { redact } from './redact.ts';
export { withoutSecretsOf } from './request-secrets.ts';
