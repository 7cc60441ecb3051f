/** A server with external issuers, one connection, and named clients. */
import { type ForeignIssuer, startForeignIssuer } from '../../support/foreign-issuer.ts';
import { oneConnection, type TestConnection, type TestServer, testServer } from '../../support/server.ts';
import { audience, type Workload } from './workloads.ts';

export interface Stage {
  readonly foreign: ForeignIssuer;
  readonly server: TestServer;
  readonly connection: TestConnection;
  /** The id of a new client that may use the connection. */
  client(trust: Readonly<Record<string, unknown>>, more?: object): Promise<string>;
  tokenOf(
    workload: Workload,
    claims?: Record<string, unknown>,
    header?: Record<string, unknown>,
  ): Promise<string>;
  /**
   * The reason of the newest refusal. The audit has only samples of those of one minute, so another minute begins, unless the
   * test has its own clock.
   */
  reason(): Promise<string | undefined>;
  /** Begins another minute, unless the test has its own clock. */
  nextMinute(): void;
  close(): Promise<void>;
}

export const allowLoopback = ['127.0.0.0/8', '::1/128'];

export async function startStage(options: { config?: object; now?: () => number } = {}): Promise<Stage> {
  const foreign = await startForeignIssuer();
  let ahead = 0;
  const server = await testServer({
    config: { federation: { ca: foreign.caFile, allow_networks: allowLoopback }, ...options.config },
    now: options.now ?? (() => Date.now() + ahead),
  });
  const { connection } = await oneConnection(server);
  const nextMinute = () => {
    ahead = 60_000 - ahead;
  };
  return {
    foreign,
    server,
    connection,
    async client(trust, more = {}) {
      const { client_id } = await server.admin.post<{ client_id: string }>('/clients', {
        name: 'workload',
        auth: { method: 'federated', audience, ...trust },
        may_use: [{ connection: connection.id }],
        ...more,
      });
      return client_id;
    },
    tokenOf: (workload, claims = {}, header = {}) =>
      foreign.sign({ ...workload.claims(), ...claims }, { ...workload.header, ...header }),
    async reason() {
      const { items } = await server.admin.get<{ items: { reason?: string }[] }>(
        '/audit?event=token.refused&limit=1',
      );
      nextMinute();
      return items[0]?.reason;
    },
    nextMinute,
    async close() {
      await server.close();
      await foreign.close();
    },
  };
}
