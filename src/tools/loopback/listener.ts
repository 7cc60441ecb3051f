/** A listener on loopback, bounded in what a slow or silent peer can hold of it. */
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SojournError } from '../../platform/errors/index.ts';

// An import would look at each of its exports, and one of these loads all that fetch is made of.
const { createServer } = process.getBuiltinModule('node:http');

export interface Listener {
  /** `http://127.0.0.1:9180` */
  readonly origin: string;
  close(): Promise<void>;
}

export interface Answer {
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
/** How long an answer that is under way may take when the listener is closed. */
const lastAnswerMs = 1_000;

/**
 * Port 0 takes a free one. What `answering` returns never rejects. Rejects with `config_invalid` when the address cannot be
 * used.
 */
export async function listenLocally(
  { host, port }: { readonly host: string; readonly port: number },
  answering: (origin: string) => (request: IncomingMessage) => Promise<Answer>,
): Promise<Listener> {
  const server = createServer(limits);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(taken(`${host}:${port}`, cause)));
    server.listen(port, host, resolve);
  });
  const at = server.address() as AddressInfo;
  const origin = `http://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`;
  const answer = answering(origin);
  server.on('request', async (request, response) => {
    const { status, type, text, headers = {} } = await answer(request);
    // Whatever was not read of the request is let go.
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
  });
  return {
    origin,
    close: () =>
      new Promise((resolve) => {
        const cut = setTimeout(() => server.closeAllConnections(), lastAnswerMs);
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
