/** Expects a failed exchange: the whole problem document for the caller and the whole audit line. */

import { STATUS_CODES } from 'node:http';
import { expect } from '@jest/globals';
import type { TestConnection } from '../../support/server.ts';
import type { Pipeline } from './pipeline.ts';

export interface Refused {
  readonly code: string;
  readonly status?: number;
  /** Our sentence and the text of the cloud; only the beginning if the cloud adds random ids. */
  readonly detail: string;
  readonly advice: string;
  /** The token requests to the cloud, each with its outcome. */
  readonly tokenRequests: readonly string[];
  readonly retryAfter?: string;
  /** Whether `detail` is only the beginning of the text. */
  readonly isPrefix?: boolean;
  /** Whether what is stored is invalid, so that no change of the connection is accepted. */
  readonly isInvalid?: boolean;
}

export async function expectRefused(
  pipeline: Pipeline,
  connection: TestConnection,
  {
    code,
    status = 502,
    detail,
    advice,
    tokenRequests,
    retryAfter,
    isPrefix = false,
    isInvalid = false,
  }: Refused,
): Promise<void> {
  const before = await pipeline.tokenRequests();
  const response = await pipeline.credentials(connection.id);
  const expectedText = (text: string): unknown =>
    isPrefix ? expect.stringMatching(new RegExp(`^${text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}`)) : text;
  expect(response).toEqual({
    status,
    retryAfter: retryAfter ?? null,
    body: {
      type: `urn:sojourn:error:${code}`,
      title: STATUS_CODES[status],
      status,
      code,
      detail: expectedText(detail),
      advice,
      request_id: expect.any(String),
    },
  });
  expect((await pipeline.tokenRequests()).slice(before.length)).toEqual(tokenRequests);
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
    reason: expectedText(`${code}: ${detail}`),
  });
  if (isInvalid) return;
  // A changed connection is asked for again at once; otherwise the refusal would be repeated for 3 seconds.
  lifetime += 1;
  await pipeline.admin.patch(`/connections/${connection.id}`, { token_ttl: lifetime });
}

let lifetime = 300;
