/** A refusal of a cloud as it reaches the caller and the audit: the whole problem document, the whole line. */

import { STATUS_CODES } from 'node:http';
import { expect } from '@jest/globals';
import type { TestConnection } from '../../support/server.ts';
import type { Pipeline } from './pipeline.ts';

export interface Refused {
  readonly code: string;
  readonly status?: number;
  /** Our sentence and the cloud's words; the whole of it, or how it begins where the cloud adds random ids. */
  readonly detail: string;
  readonly advice: string;
  /** The doors of the cloud that were knocked at, with what they said. */
  readonly doors: readonly string[];
  readonly retryAfter?: string;
  /** Whether `detail` is only the beginning. */
  readonly begins?: boolean;
}

export async function expectRefused(
  pipeline: Pipeline,
  connection: TestConnection,
  { code, status = 502, detail, advice, doors, retryAfter, begins = false }: Refused,
): Promise<void> {
  const before = await pipeline.doors();
  const answered = await pipeline.credentials(connection.id);
  const said = (text: string): unknown =>
    begins ? expect.stringMatching(new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)) : text;
  expect(answered).toEqual({
    status,
    retryAfter: retryAfter ?? null,
    body: {
      type: `urn:sojourn:error:${code}`,
      title: STATUS_CODES[status],
      status,
      code,
      detail: said(detail),
      advice,
      request_id: expect.any(String),
    },
  });
  expect((await pipeline.doors()).slice(before.length)).toEqual(doors);
  const [line] = await pipeline.audit(`connection=${connection.id}`);
  expect(line).toEqual({
    event: status < 500 ? 'exchange.refused' : 'exchange.failed',
    outcome: status >= 503 ? 'failed' : 'refused',
    actor: pipeline.client.client_id,
    client: pipeline.client.client_id,
    source_ip: '127.0.0.1',
    connection: connection.id,
    tenant: pipeline.tenant.id,
    jti: expect.stringMatching(/^[\w-]{22}$/),
    kid: expect.stringMatching(/^[\w-]{43}$/),
    sub: connection.subject,
    aud: connection.audience,
    reason: said(`${code}: ${detail}`),
  });
}
