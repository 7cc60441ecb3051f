/** A listener: node:http(s) with timeouts against slow or silent peers, and a graceful shutdown. */
import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { SojournError } from '../../platform/errors/index.ts';
import { networkOf } from '../../platform/limits/index.ts';
import { peerOf } from './address.ts';
import { followAuthorities } from './authorities.ts';
import { affordableConnections, type ConnectionCaps, createConnections } from './connections.ts';
import { createPacing } from './pacing.ts';
import type { TlsPair } from './tls.ts';

export interface Listener {
  readonly origin: string;
  /**
   * Sends `Connection: close` with every answer from now on, also for requests in progress. The peer then sends its
   * next request to another replica instead of losing it on a connection that closes at that moment.
   */
  startDraining(): void;
  /**
   * Uses this certificate for new connections; open connections keep theirs. If the client authorities change, open
   * connections are closed before their next request, because they were verified against the old authorities. Does
   * nothing without TLS.
   */
  renewTls(tls: TlsPair): void;
  /** Accepts no new connections, waits up to 8 seconds for requests in progress, then closes all connections. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsPair | null;
  /** For error messages: `public` or `admin`. */
  readonly name: string;
  /** Whether a request for this path is served from memory, before requests that need work. */
  readonly isDocument?: (path: string) => boolean;
  /** Whether a client has signed in from this network lately, which is served before others. */
  readonly isKnown?: (network: string) => boolean;
  readonly caps?: ConnectionCaps;
  /** How many connections may wait for the start of a request. */
  readonly maxWaiting?: number;
  /** Called for each request that gets 503 unread, because too many wait. */
  readonly onBusy?: () => void;
  /** Whether connections from this address carry the requests of many callers. */
  readonly isProxy?: (address: string) => boolean;
}

/** Node's defaults allow a slow body to hold a connection for 300 s, and slow headers for 60 s. */
const limits = {
  headersTimeout: 10_000,
  requestTimeout: 15_000,
  keepAliveTimeout: 30_000,
  connectionsCheckingInterval: 1_000,
  maxHeaderSize: 8 * 1024,
};

/** Enough for the operators and programs that use the admin listener. */
const defaultCaps: ConnectionCaps = { total: 1_000, perGroup: 200 };

/** As many as Linux allows by default; with Node's 511, peers of a burst wait a second until they try again. */
const backlog = 4_096;

/**
 * Strict-Transport-Security (RFC 6797) for a year, and not for subdomains, which belong to other services. Section 7.2: not
 * over plain HTTP, where a proxy that speaks TLS sends it.
 */
const strictTransport = 'max-age=31536000';

/** How long requests in progress may take to finish during shutdown. */
const drainMs = 8_000;

/** Client certificates are requested, not required: other clients, and the clouds, have none. */
const secureOptions = ({ cert, key, client_ca }: TlsPair) => ({
  cert,
  key,
  ...(client_ca === undefined ? {} : { ca: client_ca, requestCert: true, rejectUnauthorized: false }),
});

export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listener> {
  const { host, port, tls, name, maxWaiting = 1_000, onBusy = () => {} } = options;
  const { isDocument = () => false, isKnown = () => false, isProxy = () => false } = options;
  const groupOf = (socket: Socket): string => {
    const address = peerOf({ socket });
    return isProxy(address) ? `${address} ${socket.remotePort}` : networkOf(address);
  };
  const { total, perGroup } = options.caps ?? defaultCaps;
  const connections = createConnections({ total: Math.min(total, affordableConnections()), perGroup });
  const pacing = createPacing({ connections, isDocument, isKnown, maxWaiting, onBusy });
  let draining = false;
  const trackedHandler: RequestListener = (request, response) => {
    if (authorities?.isTrusted(request.socket) === false) return request.socket.destroy();
    pacing.start(request, response);
    if (draining) response.setHeader('connection', 'close');
    if (tls) response.setHeader('strict-transport-security', strictTransport);
    handler(request, response);
  };
  const closeAfterAnswer = () => {
    for (const response of connections.unanswered())
      if (!response.headersSent) response.setHeader('connection', 'close');
  };
  const startDraining = () => {
    draining = true;
    closeAfterAnswer();
  };
  const tlsServer = tls
    ? createTlsServer(
        { ...limits, handshakeTimeout: limits.headersTimeout, ...secureOptions(tls) },
        trackedHandler,
      )
    : undefined;
  // OpenSSL leaves the failed signature check of a client certificate in the thread's error queue, and Node reports it
  // as an error of the connection it reads next. Parsing any certificate clears the queue.
  tlsServer?.on('secureConnection', ({ authorizationError }) => {
    if (authorizationError) void new X509Certificate(tls!.cert);
  });
  // Needed only if client certificates are requested.
  const authorities =
    tlsServer && tls?.client_ca !== undefined ? followAuthorities(tlsServer, tls.client_ca) : undefined;
  const server: Server = tlsServer ?? createServer(limits, trackedHandler);
  // Otherwise node:http answers an unknown expectation by itself, before all checks and limits.
  server.on('checkExpectation', trackedHandler);
  server.on('connection', (socket: Socket) => {
    pacing.accept();
    connections.add(socket, groupOf(socket));
  });
  server.on(tlsServer ? 'secureConnection' : 'connection', pacing.add);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new SojournError('config_invalid', {
          detail: `listen.${name}: ${host}:${port} cannot be used (${cause.code}).`,
          advice: 'Choose another address, or stop the process that uses this one.',
          cause,
        }),
      ),
    );
    server.listen({ port, host, backlog }, resolve);
  });
  const { address, family, port: boundPort } = server.address() as AddressInfo;
  return {
    origin: `${tls ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${boundPort}`,
    startDraining,
    renewTls(pair) {
      // The new context has new ticket keys, so no session of the old context is resumed.
      tlsServer?.setSecureContext(secureOptions(pair));
      if (!authorities?.replace(pair.client_ca)) return;
      closeAfterAnswer();
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        startDraining();
        const timer = setTimeout(() => server.closeAllConnections(), drainMs);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
