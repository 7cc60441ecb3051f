/** The two error formats of Google: the APIs' `status` and the token service's OAuth error. */
import type { SandboxResponse } from '../contract.ts';

export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

/** The codes of google.rpc.Status that the sandbox uses, with their HTTP status. */
const codes = {
  INVALID_ARGUMENT: 400,
  FAILED_PRECONDITION: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  ALREADY_EXISTS: 409,
  ABORTED: 409,
  RESOURCE_EXHAUSTED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
} as const;

export type Status = keyof typeof codes;

export interface Refusal {
  readonly ok: false;
  readonly status: Status;
  readonly message: string;
  readonly details?: readonly unknown[];
}

export const ok = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const refuse = (status: Status, message: string, details?: readonly unknown[]): Refusal =>
  details ? { ok: false, status, message, details } : { ok: false, status, message };

export const invalid = (message: string): Refusal => refuse('INVALID_ARGUMENT', message);

export const notFound = (): Refusal => refuse('NOT_FOUND', 'Requested entity was not found.');

/** `IAM_PERMISSION_DENIED` also contains the permission in machine-readable form. */
export const denied = (permission: string, message: string): Refusal =>
  refuse('PERMISSION_DENIED', message, [
    {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      reason: 'IAM_PERMISSION_DENIED',
      domain: 'iam.googleapis.com',
      metadata: { permission },
    },
  ]);

export function json(status: number, body: unknown): SandboxResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=UTF-8', 'cache-control': 'private' },
    body: JSON.stringify(body),
  };
}

export function refusal({ status, message, details }: Refusal): SandboxResponse {
  const code = codes[status];
  return json(code, { error: { code, message, status, ...(details ? { details } : {}) } });
}

export const answer = (outcome: Outcome<unknown>): SandboxResponse =>
  outcome.ok ? json(200, outcome.value) : refusal(outcome);

/** RFC 6749 section 5.2, in the format of sts.googleapis.com. */
export const stsError = (error: string, description: string, status = 400): SandboxResponse =>
  json(status, { error, error_description: description });
