/** A TCP proxy whose target can change, as the address of a failover. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface Switch {
  readonly port: number;
  /** Closes all connections and forwards new ones to this port. */
  to(port: number): void;
  close(): Promise<void>;
}

export async function switchTo(first: number): Promise<Switch> {
  let target = first;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.pipe(to);
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
    to(port) {
      target = port;
      for (const socket of sockets) socket.destroy();
    },
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
