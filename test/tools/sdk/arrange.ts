/** A server with scripted responses that records its requests. */
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface ScriptedResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** No response: the connection is closed, or stays open and silent. */
  readonly instead?: 'cut' | 'silence';
}

export interface ReceivedRequest {
  readonly request: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Script {
  readonly origin: string;
  /** All requests so far. */
  readonly heard: ReceivedRequest[];
  /** Responses by `METHOD path`, in order; the last one repeats. */
  answers: Record<string, ScriptedResponse[]>;
  close(): Promise<void>;
}

export async function script(): Promise<Script> {
  const heard: ReceivedRequest[] = [];
  const self: { answers: Record<string, ScriptedResponse[]> } = { answers: {} };
  const server = http.createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    heard.push({ request: `${method} ${url}`, headers, body: await text(request) });
    const answers = self.answers[`${method} ${url.split('?')[0]}`] ?? [{ status: 404, body: '<html>' }];
    const next = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
    if (next.instead === 'silence') return;
    if (next.instead === 'cut') return request.destroy();
    const body = typeof next.body === 'string' ? next.body : JSON.stringify(next.body);
    response.writeHead(next.status ?? 200, next.headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(self, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heard,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}

/** 2026-11-25T12:00:00Z */
export const noon = 1_795_608_000_000;

export const apiToken = (name = 'api-token') => ({
  body: { access_token: name, token_type: 'Bearer', expires_in: 300 },
});

/** AWS credentials in the format `json`. */
export const awsUntil = (end: number, id = 'ASIAEXAMPLE') => ({
  body: {
    connection: 'con_1',
    cloud: 'aws',
    expires_at: new Date(end).toISOString(),
    credentials: { access_key_id: id, secret_access_key: 'secret-key', session_token: 'session' },
  },
});

export const problem = (status: number, code: string, detail: string, advice: string) => ({
  status,
  body: { type: `urn:sojourn:error:${code}`, title: '', status, code, detail, advice, request_id: 'req_1' },
});

/** The members of the error with which the promise rejects. */
export async function errorOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await work.then(
    () => new Error('the promise resolved'),
    (reason: unknown) => reason as Error,
  );
  return { ...error, name: error.name, message: error.message };
}
