/** Requests to the admin listener, with all that comes back. */
import { expect } from '@jest/globals';
import type { TestServer } from '../../support/server.ts';

export interface Asked {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, instead of `body`. */
  readonly text?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
}

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The JSON of the answer; undefined when there is none. */
  readonly body: unknown;
}

export type Ask = (request: string, asked?: Asked) => Promise<Answered>;

/** `GET /tenants` asks below /admin/v1; `GET ~/healthz` asks at the root. */
export const asking =
  ({ adminOrigin, adminToken }: Pick<TestServer, 'adminOrigin' | 'adminToken'>): Ask =>
  async (request, { body, text, headers = {} } = {}) => {
    const [method = '', path = ''] = request.split(' ');
    const sent: Record<string, string | undefined> = {
      authorization: `Bearer ${adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const response = await fetch(
      path.startsWith('~') ? adminOrigin + path.slice(1) : `${adminOrigin}/admin/v1${path}`,
      {
        method,
        headers: Object.entries(sent).filter((pair): pair is [string, string] => pair[1] !== undefined),
        body: text ?? (body === undefined ? null : JSON.stringify(body)),
        signal: AbortSignal.timeout(10_000),
      },
    );
    const received = await response.text();
    const isJson = /\bjson\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text: received,
      body: isJson && received !== '' ? JSON.parse(received) : undefined,
    };
  };

/** Status and body, which is what most tests look at. */
export async function plain(answer: Promise<Answered>): Promise<{ status: number; body: unknown }> {
  const { status, body } = await answer;
  return { status, body };
}

/** The audit line of the newest act, without what differs from run to run. */
export async function newestLine(ask: Ask): Promise<Record<string, unknown>> {
  const { body } = await ask('GET /audit?limit=1');
  const [line = {}] = (body as { items: Record<string, unknown>[] }).items;
  return Object.fromEntries(
    Object.entries(line).filter(([member]) => !['id', 'occurred_at', 'request_id'].includes(member)),
  );
}

/** A refusal with this sentence, whatever else stands in it. */
export const problem = (status: number, code: string, detail: string, errors?: readonly object[]) => ({
  status,
  body: expect.objectContaining({ status, code, detail, ...(errors ? { errors } : {}) }),
});

export const moment = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);

export const idOf = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[0-9a-z]{26}$`));

/** How the audit begins the line of an act. */
export const byAdmin = { outcome: 'ok', actor: 'admin', source_ip: '127.0.0.1' };
