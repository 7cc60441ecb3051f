/** A listener: node:http(s) with bounds on what a slow or silent peer can hold, and a way down that fails nobody. */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SojournError } from '../errors/index.ts';

export interface Listener {
  readonly origin: string;
  /** Takes no new connection, lets what has begun finish, then ends. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** What the listener is for, in an error. */
  readonly name: string;
}

/** Node's own defaults let a slow body hold a connection for 300 s and slow headers for 60 s. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
};

export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listener> {
  const { host, port, tls, name } = options;
  const server: Server = tls
    ? createTlsServer({ ...limits, ...tls }, handler)
    : createServer(limits, handler);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new SojournError('config_invalid', {
          detail: `listen.${name}: ${host}:${port} cannot be used (${(cause as NodeJS.ErrnoException).code}).`,
          advice: 'Choose another address, or stop what listens there.',
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  const at = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://${at.family === 'IPv6' ? `[${at.address}]` : at.address}:${at.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
  };
}
