/** Why a refresh failed, for people, and how far the failure reaches. */
import { SojournError } from '../../platform/errors/index.ts';
import { isClientRefusal, isRefusal, SojournRequestError } from '../sdk/index.ts';

export interface Failure {
  readonly code: string;
  /** What is wrong. Detail and advice contain no secret. */
  readonly detail: string;
  readonly advice: string;
  /** Whole seconds. */
  readonly retryAfter: number | undefined;
  /** For the log. */
  readonly cause: unknown;
  /**
   * `server`: the server is unavailable, or this machine cannot sign in; affects all connections. `client`: the server
   * refuses the client or issues nothing at all; no cached value is served any longer. `connection`: a transient or
   * internal error; the cached value stays valid. `refusal`: the server refuses the connection; its cached value is no
   * longer served.
   */
  readonly scope: 'server' | 'client' | 'connection' | 'refusal';
}

/** Codes that affect every connection alike. */
const serverWideCodes: readonly string[] = [
  'unreachable',
  'timeout',
  'response_invalid',
  'sign_in_invalid',
  'unauthorized',
  'rate_limited',
  'temporarily_unavailable',
  'server_error',
  'store_unavailable',
  'audit_unavailable',
  'shutting_down',
];

function scopeOf(error: SojournRequestError): Failure['scope'] {
  if (serverWideCodes.includes(error.code)) return 'server';
  if (isClientRefusal(error)) return 'client';
  return isRefusal(error) ? 'refusal' : 'connection';
}

export function failureOf(error: unknown): Failure {
  if (error instanceof SojournRequestError) {
    const { code, detail, advice, retryAfter } = error;
    return { code, detail, advice, retryAfter, cause: undefined, scope: scopeOf(error) };
  }
  const known = error instanceof SojournError ? error : new SojournError('internal', { cause: error });
  return {
    code: known.code,
    detail: known.message,
    advice: known.advice,
    retryAfter: undefined,
    cause: known.cause,
    scope: known.code === 'agent_token_ttl_too_short' ? 'refusal' : 'connection',
  };
}
