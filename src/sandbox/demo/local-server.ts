/** A loopback server with all its files in one directory, for the demo, the benchmarks and the tests. */
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createLogger, type Logger } from '../../platform/log/index.ts';
import type { Elapsed, Now } from '../../platform/time/index.ts';
import { startServer } from '../../server/compose/index.ts';
import { parseConfig } from '../../server/config/index.ts';
import { type InitResult, initializeIfNew } from '../../server/init/index.ts';
import { type AdminClient, adminClient } from './http.ts';

export interface LocalServer {
  readonly issuer: string;
  readonly adminOrigin: string;
  /** Of `listen.documents`. */
  readonly documentsOrigin: string | undefined;
  readonly adminToken: string;
  /** Undefined if the issuer existed. */
  readonly created: InitResult | undefined;
  readonly admin: AdminClient;
  close(): Promise<void>;
}

export interface LocalServerOptions {
  readonly folder: string;
  readonly port: number;
  /** Overrides of the local configuration, as in the YAML file. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly logger?: Logger;
  readonly now?: Now;
  readonly steadyNow?: Now;
  readonly elapsed?: Elapsed;
}

const adminToken = 'local-admin-token-for-loopback-only';

export async function startLocalServer(options: LocalServerOptions): Promise<LocalServer> {
  const {
    folder,
    port,
    config = {},
    logger = createLogger({ level: 'silent' }),
    now,
    steadyNow,
    elapsed,
  } = options;
  const issuer = `http://127.0.0.1:${port}`;
  const parsed = await parseConfig(
    {
      issuer,
      listen: { public: `127.0.0.1:${port}`, admin: '127.0.0.1:0' },
      // Tests and benchmarks send many requests from one address, and sign in with wrong secrets on purpose.
      limits: {
        failed_sign_ins: 1_000_000,
        refused_sign_ins: 1_000_000,
        requests_per_address: 1_000_000,
        requests_per_client: 1_000_000,
        requests_per_invitation: 1_000_000,
        connections_per_address: 10_000,
      },
      store: `sqlite:${join(folder, 'sojourn.db')}`,
      ...config,
      keys: {
        path: join(folder, 'keys'),
        publish_lead: '1s',
        allow_short_times: true,
        ...(config.keys as object | undefined),
      },
    },
    { SOJOURN_ADMIN_TOKEN: adminToken },
  );
  const created = await initializeIfNew(parsed, { logger, ...(now && { now }), show: () => undefined });
  const server = await startServer(parsed, {
    logger,
    ...(now && { now }),
    ...(steadyNow && { steadyNow }),
    ...(elapsed && { elapsed }),
  });
  return {
    issuer,
    adminOrigin: server.adminOrigin,
    documentsOrigin: server.documentsOrigin,
    adminToken,
    created,
    admin: adminClient(server.adminOrigin, adminToken),
    close: server.close,
  };
}

/** A loopback port that was free at the time of the call. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject).listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
