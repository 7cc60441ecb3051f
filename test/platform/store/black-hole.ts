/**
 * A TCP proxy that can stop forwarding while connections stay open, like a network that drops packets or a hung server, and
 * whose target can change, like the address of a failover.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface BlackHole {
  readonly port: number;
  swallow(on: boolean): void;
  /** Closes all connections and forwards new ones to this port. */
  to(port: number): void;
  close(): Promise<void>;
}

export async function blackHoleBefore(port: number): Promise<BlackHole> {
  let target = port;
  let swallowing = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      // Dropped bytes are lost, so the connection is closed: bytes after a gap would break the protocol.
      let holed = false;
      from.on('data', (bytes) => {
        holed ||= swallowing;
        if (!holed) to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address ? address.port : 0,
    swallow(on) {
      swallowing = on;
    },
    to(next) {
      target = next;
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
