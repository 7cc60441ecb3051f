/** A server on loopback that records its requests and returns the given responses, repeating the last one. */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CloudRequest, SignedToken } from '../../src/clouds/index.ts';
import { SojournError } from '../../src/platform/errors/index.ts';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Response {
  readonly status: number;
  readonly body: string;
  readonly headers?: Record<string, string>;
}

type Answer =
  | Response
  /** Called when the request has arrived. */
  | (() => Promise<Response>)
  /** `cut` closes the socket without a word, `silent` never answers, `drip` answers a byte at a time without end. */
  | 'cut'
  | 'silent'
  | 'drip';

export interface FakeCloud {
  readonly origin: string;
  readonly asked: readonly Asked[];
  answers: readonly Answer[];
  close(): Promise<void>;
}

export async function startFakeCloud(): Promise<FakeCloud> {
  const asked: Asked[] = [];
  const timers = new Set<NodeJS.Timeout>();
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const answer = self.answers[Math.min(asked.length, self.answers.length - 1)] ?? 'cut';
    asked.push({ method: request.method ?? '', path: request.url ?? '', headers: request.headers, body });
    if (answer === 'cut') return void request.socket.destroy();
    if (answer === 'silent') return;
    if (answer === 'drip') {
      response.writeHead(200, { 'content-type': 'application/json' });
      timers.add(setInterval(() => response.write(' '), 20));
      return;
    }
    const { status, headers, body: text } = typeof answer === 'function' ? await answer() : answer;
    response.writeHead(status, { ...headers }).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const self: FakeCloud = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    answers: [],
    close: () =>
      new Promise((resolve) => {
        for (const timer of timers) clearInterval(timer);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return self;
}

export const json = (status: number, body: unknown, headers: Record<string, string> = {}): Response => ({
  status,
  body: JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

/** 2026-11-23T12:00:00Z */
export const noon = 1_795_435_200_000;

/** Has the shape of a token, so that tests can search errors for it. */
export const tokenNumber = (count: number): SignedToken => ({
  token: `eyJhbGciOiJSUzI1NiJ9.eyJjb3VudCI6${count}fQ.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg`,
  jti: `jti_${count}`,
});

/** A request to the fake cloud at `origin`; `minted` counts the signed tokens. */
export function visitTo(
  origin: string,
  milliseconds = 5000,
): CloudRequest & { readonly minted: () => number } {
  let count = 0;
  return {
    connection: 'con_01jd0000000000000000000000',
    // The keys of all clouds.
    settings: {
      sts_endpoint: origin,
      authority_host: origin,
      resource_manager_endpoint: origin,
      iam_credentials_endpoint: origin,
    },
    now: () => noon,
    signal: AbortSignal.timeout(milliseconds),
    sign: () => Promise.resolve(tokenNumber(++count)),
    minted: () => count,
  };
}

/** The SojournError of a rejected promise; fails if there is none. */
export async function refusalOf(promise: Promise<unknown>): Promise<SojournError> {
  const error: unknown = await promise.then(
    () => new Error('there was no refusal'),
    (reason: unknown) => reason,
  );
  if (error instanceof SojournError) return error;
  throw error;
}

/** The only request received; fails if there was none or more than one. */
export function onlyRequest({ asked: [request, ...others] }: FakeCloud): Asked {
  if (!request || others.length > 0) throw new Error(`it was asked ${request ? 1 + others.length : 0} times`);
  return request;
}
