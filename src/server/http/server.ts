/** A listener: node:http(s) with bounds on what a slow or silent peer can hold, and a way down that fails nobody. */
import { X509Certificate } from 'node:crypto';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SojournError } from '../../platform/errors/index.ts';
import { followAuthorities } from './authorities.ts';
import type { TlsPair } from './tls.ts';

export interface Listener {
  readonly origin: string;
  /**
   * Every answer from now on, also to what has begun already, ends its connection: told to go, a peer takes its next
   * request to another replica instead of losing it on a connection that is closed at that moment.
   */
  startDraining(): void;
  /**
   * New connections get this certificate from now on; those that are open keep theirs. With other client authorities they
   * are ended unheard, since what the old ones vouched for counts no more. Nothing without TLS.
   */
  renewTls(tls: TlsPair): void;
  /** Takes no new connection, lets what has begun finish, then ends; what has not finished by then is cut. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly tls: TlsPair | null;
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

/** How long what has begun may take to finish while going down. */
const drainMs = 8_000;

/** A certificate is asked for and not demanded: other clients, and the clouds, come without one. */
const secureOptions = ({ cert, key, client_ca }: TlsPair) => ({
  cert,
  key,
  ...(client_ca === undefined ? {} : { ca: client_ca, requestCert: true, rejectUnauthorized: false }),
});

export async function listen(handler: RequestListener, options: ListenOptions): Promise<Listener> {
  const { host, port, tls, name } = options;
  let leaving = false;
  const unanswered = new Set<ServerResponse>();
  const courteous: RequestListener = (request, response) => {
    if (authorities?.isTrusted(request.socket) === false) return request.socket.destroy();
    unanswered.add(response);
    response.once('close', () => unanswered.delete(response));
    if (leaving) response.setHeader('connection', 'close');
    handler(request, response);
  };
  const endAfterAnswer = () => {
    for (const response of unanswered) if (!response.headersSent) response.setHeader('connection', 'close');
  };
  const leave = () => {
    leaving = true;
    endAfterAnswer();
  };
  const secured = tls ? createTlsServer({ ...limits, ...secureOptions(tls) }, courteous) : undefined;
  // OpenSSL leaves the wrong signature of a client's certificate in the errors of the thread, and Node takes that for an
  // error of whichever connection it reads next. To read any certificate clears them.
  secured?.on('secureConnection', ({ authorizationError }) => {
    if (authorizationError) void new X509Certificate(tls!.cert);
  });
  // Where no certificates are asked for there is nothing to vouch for.
  const authorities =
    secured && tls?.client_ca !== undefined ? followAuthorities(secured, tls.client_ca) : undefined;
  const server: Server = secured ?? createServer(limits, courteous);
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        new SojournError('config_invalid', {
          detail: `listen.${name}: ${host}:${port} cannot be used (${cause.code}).`,
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
    startDraining: leave,
    renewTls(pair) {
      // Without tickets of the old context: no session is resumed that it began.
      secured?.setSecureContext(secureOptions(pair));
      if (!authorities?.replace(pair.client_ca)) return;
      endAfterAnswer();
      server.closeIdleConnections();
    },
    close: () =>
      new Promise((resolve) => {
        leave();
        const cut = setTimeout(() => server.closeAllConnections(), drainMs);
        server.close(() => {
          clearTimeout(cut);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
