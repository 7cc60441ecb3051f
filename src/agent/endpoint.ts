/** The endpoint on loopback: it answers from memory, in the forms that the clouds' SDKs know. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Address } from '../config/index.ts';
import { SojournError } from '../errors/index.ts';
import { isId } from '../ids/index.ts';
import type { Logger } from '../log/index.ts';
import { type Now, toSeconds } from '../time/index.ts';
import { createGuard, type Guard, type Stranger } from './guard.ts';
import type { Keeper } from './keeper.ts';

export interface EndpointOptions {
  readonly address: Address;
  /** What callers must send as `Authorization`. */
  readonly token: string;
  readonly keeper: Pick<Keeper, 'get'>;
  readonly status: () => unknown;
  readonly metrics: () => Promise<string>;
  readonly refused: (reason: Stranger) => void;
  readonly logger: Logger;
  readonly now: Now;
}

export interface Endpoint {
  /** `http://127.0.0.1:9180` */
  readonly origin: string;
  close(): Promise<void>;
}

interface Body {
  readonly type: string;
  readonly text: string;
}

/** What a slow or silent peer can hold. The answers are at hand, so nobody needs longer. */
const limits = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8 * 1024,
};

/** Rejects with `config_invalid` when the address cannot be used. */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const { host, port } = options.address;
  const server = createServer(limits);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(taken(`${host}:${port}`, cause)));
    server.listen(port, host, resolve);
  });
  const at = server.address() as AddressInfo;
  const origin = `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`;
  const guard = createGuard(origin, options.token);
  server.on('request', (request, response) => {
    void answer(request, response, guard, options);
  });
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        // Longer than any answer takes.
        const cut = setTimeout(() => server.closeAllConnections(), 1_000);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const taken = (address: string, cause: NodeJS.ErrnoException) =>
  new SojournError('config_invalid', {
    detail: `listen: ${address} cannot be used (${cause.code})`,
    faults: [{ path: 'listen', message: `${address} cannot be used (${cause.code})` }],
    advice: 'Choose another port, or stop what listens there.',
    cause,
  });

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  guard: Guard,
  options: EndpointOptions,
): Promise<void> {
  // Nothing is ever sent here that has a body.
  request.resume();
  try {
    const stranger = guard(request);
    if (stranger) throw turnedAway(request, stranger, options);
    const { type, text } = await bodyFor(request, options);
    send(response, 200, type, text);
  } catch (thrown) {
    const error = thrown instanceof SojournError ? thrown : new SojournError('internal', { cause: thrown });
    if (error.code === 'internal') options.logger.error({ err: error.cause }, 'an answer failed');
    if (error.code === 'method_not_allowed') response.setHeader('allow', 'GET');
    send(response, error.status, 'application/json', failure(error));
  }
}

/** The line of the audit. Of the path only an id is told: anything may stand there, also a secret. */
function turnedAway({ url = '' }: IncomingMessage, reason: Stranger, { refused, logger }: EndpointOptions) {
  const last = url.split('/').at(-1) ?? '';
  logger.warn(
    {
      event: 'agent.refused',
      outcome: 'refused',
      reason,
      ...(isId('con', last) ? { connection: last } : {}),
    },
    'a caller was turned away',
  );
  refused(reason);
  return new SojournError('agent_forbidden');
}

/** The two members that AWS SDKs show of a refusal: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html */
const failure = ({ code, message, advice }: SojournError): string =>
  JSON.stringify({ Code: code, Message: `${message} ${advice}` });

async function bodyFor({ method, url = '' }: IncomingMessage, options: EndpointOptions): Promise<Body> {
  if (method !== 'GET') throw new SojournError('method_not_allowed');
  if (url === '/v1/status') return json(options.status());
  if (url === '/metrics') return { type: 'text/plain; version=0.0.4', text: await options.metrics() };
  const [, kind, connection = ''] = /^\/v1\/(credentials|token)\/(con_[0-9a-z]{1,64})$/.exec(url) ?? [];
  if (kind !== 'credentials' && kind !== 'token') throw notServed();
  const { text, expiresAt } = await options.keeper.get(connection, kind).catch((error: unknown) => {
    throw error instanceof SojournError && error.code === 'not_found' ? notServed() : error;
  });
  if (kind === 'credentials') return { type: 'application/json', text };
  return json({ access_token: text, token_type: 'Bearer', expires_in: toSeconds(expiresAt - options.now()) });
}

const json = (value: unknown): Body => ({ type: 'application/json', text: JSON.stringify(value) });

const notServed = () =>
  new SojournError('not_found', {
    detail: 'The agent serves nothing at this path.',
    advice: 'Check it against `connections` in the configuration of the agent.',
  });

function send(response: ServerResponse, status: number, type: string, text: string): void {
  response
    .writeHead(status, {
      'content-type': type,
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .end(text);
}
