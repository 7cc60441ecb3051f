/** A server that says what a test wants, one answer after the other, and writes down what it was asked. */
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Said {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** No answer at all: the connection is cut, or stays open and silent. */
  readonly instead?: 'cut' | 'silence';
}

export interface Heard {
  readonly request: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Script {
  readonly origin: string;
  /** Everything asked so far. */
  readonly heard: Heard[];
  /** By `METHOD path`: the answers in their order, of which the last one stays. */
  answers: Record<string, Said[]>;
  close(): Promise<void>;
}

export async function script(): Promise<Script> {
  const heard: Heard[] = [];
  const self: { answers: Record<string, Said[]> } = { answers: {} };
  const server = http.createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    heard.push({ request: `${method} ${url}`, headers, body: await text(request) });
    const answers = self.answers[`${method} ${url.split('?')[0]}`] ?? [{ status: 404, body: '<html>' }];
    const said = (answers.length > 1 ? answers.shift() : answers[0]) ?? {};
    if (said.instead === 'silence') return;
    if (said.instead === 'cut') return request.destroy();
    const body = typeof said.body === 'string' ? said.body : JSON.stringify(said.body);
    response.writeHead(said.status ?? 200, said.headers).end(body);
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

/** AWS credentials as `format=json` has them. */
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

/** The members of the error with which this rejects. */
export async function errorOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await work.then(
    () => new Error('nothing failed'),
    (reason: unknown) => reason as Error,
  );
  return { ...error, name: error.name, message: error.message };
}
