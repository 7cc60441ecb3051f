/** The response format of Azure Resource Manager. */
import { randomUUID } from 'node:crypto';
import type { SandboxResponse } from '../contract.ts';

/** The result of an operation, or ARM's error. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

export interface Refusal {
  readonly ok: false;
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export const ok = <T>(value: T): Outcome<T> => ({ ok: true, value });

export const refuse = (status: number, code: string, message: string): Refusal => ({
  ok: false,
  status,
  code,
  message,
});

export function json(status: number, body: unknown, headers: Record<string, string> = {}): SandboxResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache',
      'x-ms-request-id': randomUUID(),
      ...headers,
    },
    body: JSON.stringify(body),
  };
}

export const empty = (status: number): SandboxResponse => ({ status, headers: {}, body: '' });

export function refusal({ status, code, message }: Refusal): SandboxResponse {
  const challenge = status === 401 ? { 'www-authenticate': `Bearer error="invalid_token"` } : {};
  return json(status, { error: { code, message } }, challenge);
}
