/** Why a refresh failed, for people, and how far the failure reaches. */
import { SojournError } from '../../platform/errors/index.ts';
import { isRefusal, SojournRequestError } from '../sdk/index.ts';

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
   * `server`: the server is unavailable or refuses the sign-in; affects all connections. `connection`: a transient or
   * internal error; the cached value stays valid. `refusal`: the server refuses; the cached value is no longer served.
   */
  readonly scope: 'server' | 'connection' | 'refusal';
}

/** Codes that affect every connection alike. */
const serverWideCodes: readonly string[] = [
  'unreachable',
  'timeout',
  'response_invalid',
  'sign_in_invalid',
  'invalid_client',
  'unauthorized',
  'rate_limited',
  'temporarily_unavailable',
  'server_error',
  'store_unavailable',
  'audit_unavailable',
  'shutting_down',
];

export function failureOf(error: unknown): Failure {
  if (error instanceof SojournRequestError) {
    const { code, detail, advice, retryAfter } = error;
    const scope = serverWideCodes.includes(code) ? 'server' : isRefusal(error) ? 'refusal' : 'connection';
    return { code, detail, advice, retryAfter, cause: undefined, scope };
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
