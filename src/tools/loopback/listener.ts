/** A loopback listener with time limits, so that a slow or silent client cannot hold its connections. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SojournError } from '../../platform/errors/index.ts';

// An import would evaluate every export of node:http, and one of them loads all of fetch.
const { createServer } = process.getBuiltinModule('node:http');

export interface Listener {
  /** `http://127.0.0.1:9180` */
  readonly origin: string;
  close(): Promise<void>;
}

export interface HttpResponse {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const limits = {
  headersTimeout: 5_000,
  requestTimeout: 5_000,
  keepAliveTimeout: 5_000,
  maxHeaderSize: 8 * 1024,
};
/** Time for current responses to finish when the listener closes. */
const drainMs = 1_000;

/**
 * Port 0 selects a free port. The handler that `createHandler` returns must not reject. Rejects with `config_invalid` if
 * the address cannot be used.
 */
export async function listenLocally(
  { host, port }: { readonly host: string; readonly port: number },
  createHandler: (origin: string) => (request: IncomingMessage) => Promise<HttpResponse>,
): Promise<Listener> {
  const server = createServer(limits);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(cannotListen(`${host}:${port}`, cause)));
    server.listen(port, host, resolve);
  });
  const bound = server.address() as AddressInfo;
  const origin = `http://${bound.family === 'IPv6' ? `[${bound.address}]` : bound.address}:${bound.port}`;
  const handle = createHandler(origin);
  const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, type, text, headers = {} } = await handle(request);
    // Discards the unread part of the request.
    request.resume();
    response
      .writeHead(status, {
        'content-type': type,
        'content-length': Buffer.byteLength(text),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        ...headers,
      })
      .end(text);
  };
  server.on('request', respond);
  // Otherwise node:http answers an unknown expectation by itself, before all checks.
  server.on('checkExpectation', respond);
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), drainMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

const cannotListen = (address: string, cause: NodeJS.ErrnoException) =>
  new SojournError('config_invalid', {
    detail: `listen: ${address} cannot be used (${cause.code})`,
    faults: [{ path: 'listen', message: `${address} cannot be used (${cause.code})` }],
    advice: 'Choose another port, or stop the program that listens there.',
    cause,
  });
