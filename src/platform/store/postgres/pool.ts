/** A bounded pool of connections, which drops each on which a statement failed. */
import { Socket } from 'node:net';
import { type ClientBase, type ClientConfig, Pool, type PoolClient } from 'pg';
import { sleep } from '../../time/index.ts';
import { requirePrimary } from './connection.ts';
import { deadlineMs } from './failure.ts';

/** A connection that is idle for longer is closed; until then, a burst of requests finds it open. */
const idleMs = 600_000;
/** How long an orderly end of a connection may take. */
const farewellMs = 500;

export interface Connections {
  use<T>(work: (client: PoolClient) => Promise<T>, expired: AbortSignal): Promise<T>;
  close(): Promise<void>;
}

/** @param lose is called when an idle connection fails */
export function openPool(config: ClientConfig, max: number, lose: (error: unknown) => void): Connections {
  const sockets = new Set<Socket>();
  /** Connections on which a commit was not replicated. */
  const unreplicated = new WeakSet<ClientBase>();

  const pool = new Pool({
    ...config,
    max,
    idleTimeoutMillis: idleMs,
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
    // The driver waits for the promise, which its types do not say.
    onConnect: requirePrimary as (client: ClientBase) => void,
  });
  pool.on('error', lose);
  pool.on('connect', (client) => {
    client.on('notice', ({ routine }) => {
      // The server waited for its standby and was told to stop: the commit is on its own disk only, and yet it succeeds.
      if (routine === 'SyncRepWaitForLSN') unreplicated.add(client);
    });
    // Without a listener, an error between two statements would end the process. The next statement rejects.
    client.on('error', () => undefined);
  });

  return {
    async use(work, expired) {
      const client = await pool.connect();
      let isUsable = false;
      try {
        // The caller has given up.
        expired.throwIfAborted();
        const result = await work(client);
        if (unreplicated.has(client))
          throw new Error('the commit was not replicated to a synchronous standby');
        isUsable = true;
        return result;
      } finally {
        client.release(!isUsable);
      }
    },

    async close() {
      const ended = new AbortController();
      await Promise.race([pool.end(), sleep(deadlineMs, ended.signal).catch(() => undefined)]);
      ended.abort();
      for (let waited = 0; sockets.size > 0 && waited < farewellMs; waited += 10) await sleep(10);
      for (const socket of sockets) socket.destroy();
    },
  };
}
