/**
 * Whether what a connection's certificate was verified against still counts. OpenSSL takes the authorities when a
 * connection comes in, before its handshake, and stays with them, so it is noted then and not when it has shown what it
 * has. Nothing leads from the TLS socket of a request back to what came in, but that both have the same two ends: one port
 * of a peer may lead to several addresses of ours.
 */
import type { Server, Socket } from 'node:net';

export interface Authorities {
  /** Whether this connection began with the authorities that count now. */
  isTrusted(socket: Socket): boolean;
  /** Takes the ones that count from now on; false when they are the same. */
  replace(authorities: string | undefined): boolean;
}

export function followAuthorities(server: Server, current: string | undefined): Authorities {
  let generation = { authorities: current };
  const begun = new Map<string, { readonly socket: Socket; readonly generation: object }>();
  server.on('connection', (socket: Socket) => {
    const ends = endsOf(socket);
    begun.set(ends, { socket, generation });
    // The next one from there may have come in already.
    socket.once('close', () => begun.get(ends)?.socket === socket && begun.delete(ends));
  });
  return {
    isTrusted: (socket) => begun.get(endsOf(socket))?.generation === generation,
    replace(authorities) {
      if (authorities === generation.authorities) return false;
      generation = { authorities };
      return true;
    },
  };
}

const endsOf = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
