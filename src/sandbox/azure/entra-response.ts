/** The response format of Entra's token endpoint. */
import { randomUUID } from 'node:crypto';
import { toTimestamp } from '../../platform/time/index.ts';
import type { SandboxRequest, SandboxResponse } from '../contract.ts';

export interface EntraRefusal {
  readonly ok: false;
  readonly code: number;
  readonly error: string;
  readonly text: string;
}

export const aadsts = (code: number, error: string, text: string): EntraRefusal => ({
  ok: false,
  code,
  error,
  text,
});

export function entraJson(status: number, body: unknown): SandboxResponse {
  return {
    status,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store, no-cache',
      pragma: 'no-cache',
    },
    body: JSON.stringify(body),
  };
}

/** One line with spaces between the ids, as since 2023; earlier it had line breaks. */
export function entraRefusal(refused: EntraRefusal, request: SandboxRequest, now: number): SandboxResponse {
  const { code, error, text } = refused;
  const trace = randomUUID();
  const correlation = correlationId(request);
  const timestamp = `${toTimestamp(now).slice(0, 19).replace('T', ' ')}Z`;
  return entraJson(error === 'invalid_client' ? 401 : 400, {
    error,
    error_description: `AADSTS${code}: ${text} Trace ID: ${trace} Correlation ID: ${correlation} Timestamp: ${timestamp}`,
    error_codes: [code],
    timestamp,
    trace_id: trace,
    correlation_id: correlation,
    error_uri: `https://login.microsoftonline.com/error?code=${code}`,
  });
}

function correlationId({ headers }: SandboxRequest): string {
  const sent = headers['client-request-id'] ?? '';
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(sent) ? sent : randomUUID();
}
