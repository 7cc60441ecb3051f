/** A TCP proxy that can stop passing bytes while every connection stays open: a network that swallows, a hung server. */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface BlackHole {
  readonly port: number;
  swallow(on: boolean): void;
  close(): Promise<void>;
}

export async function blackHoleBefore(port: number): Promise<BlackHole> {
  let swallowing = false;
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      // What was swallowed is lost, and so is the connection: bytes after a gap would be no protocol any more.
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
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, 'close');
    },
  };
}
