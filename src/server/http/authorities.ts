/**
 * Tracks which client authorities a TLS connection was verified against. OpenSSL fixes the authorities when it accepts
 * the connection, before the handshake, so the generation is recorded at that moment. Node does not link the TLS socket
 * of a request to the accepted TCP socket; both are identified by local and remote address, because one port of a peer
 * can be connected to several addresses of the server.
 */
import type { Server, Socket } from 'node:net';

export interface Authorities {
  /** Whether this connection was accepted with the current authorities. */
  isTrusted(socket: Socket): boolean;
  /** Sets the authorities for new connections; false if they are unchanged. */
  replace(authorities: string | undefined): boolean;
}

export function followAuthorities(server: Server, current: string | undefined): Authorities {
  let generation = { authorities: current };
  const accepted = new Map<string, { readonly socket: Socket; readonly generation: object }>();
  server.on('connection', (socket: Socket) => {
    const key = connectionKey(socket);
    accepted.set(key, { socket, generation });
    // A newer connection from the same peer port may already have this key.
    socket.once('close', () => accepted.get(key)?.socket === socket && accepted.delete(key));
  });
  return {
    isTrusted: (socket) => accepted.get(connectionKey(socket))?.generation === generation,
    replace(authorities) {
      if (authorities === generation.authorities) return false;
      generation = { authorities };
      return true;
    },
  };
}

/** Identifies an open connection. */
export const connectionKey = ({ remoteAddress, remotePort, localAddress, localPort }: Socket): string =>
  `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
