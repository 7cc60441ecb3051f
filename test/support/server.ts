/** A real server on loopback in its own folder, with access to every log line. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/platform/log/index.ts';
import type { Elapsed, Now } from '../../src/platform/time/index.ts';
import { type Call, call } from '../../src/sandbox/demo/http.ts';
import { freePort, type LocalServer, startLocalServer } from '../../src/sandbox/demo/local-server.ts';

export interface TestServer extends LocalServer {
  readonly folder: string;
  /** Everything logged so far, at debug level. */
  logged(): string;
  /** Closes the server and keeps its folder, so that another server can start on it. */
  stop(): Promise<void>;
}

/** By folder: a server that starts again in a folder has the issuer of the one before. */
const ports = new Map<string, number>();

export async function testServer(
  options: {
    config?: Record<string, unknown>;
    folder?: string;
    port?: number;
    now?: Now;
    steadyNow?: Now;
    elapsed?: Elapsed;
  } = {},
): Promise<TestServer> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'sojourn-test-')));
  const port = options.port ?? ports.get(folder) ?? (await freePort());
  ports.set(folder, port);
  let log = '';
  const logger = createLogger({
    level: 'debug',
    destination: {
      write: (line: string) => {
        log += line;
      },
    },
  });
  const server = await startLocalServer({
    folder,
    port,
    logger,
    ...(options.config ? { config: options.config } : {}),
    ...(options.now ? { now: options.now } : {}),
    ...(options.steadyNow ? { steadyNow: options.steadyNow } : {}),
    ...(options.elapsed ? { elapsed: options.elapsed } : {}),
  });
  return {
    ...server,
    folder,
    logged: () => log,
    stop: server.close,
    close: async () => {
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export interface TestClient {
  readonly client_id: string;
  readonly client_secret: string;
}

export interface TestConnection {
  readonly id: string;
  readonly tenant: string;
  readonly subject: string;
  readonly audience: string;
  readonly algorithm: string;
  readonly state: string;
}

export const awsTarget = { role_arn: 'arn:aws:iam::111122223333:role/vendor', region: 'eu-central-1' };

/** A tenant with one AWS connection, and a client with a secret that may use it. */
export async function oneConnection(
  { admin }: Pick<LocalServer, 'admin'>,
  connection: Record<string, unknown> = { cloud: 'aws', target: awsTarget },
): Promise<{ tenant: { id: string }; connection: TestConnection; client: TestClient }> {
  const tenant = await admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const made = await admin.post<TestConnection>('/connections', {
    name: 'prod',
    tenant: tenant.id,
    ...connection,
  });
  const client = await admin.post<TestClient>('/clients', {
    name: 'deployer',
    may_use: [{ connection: made.id }],
  });
  return { tenant, connection: made, client };
}

export interface TokenAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** POST to the token endpoint with these parameters. */
export async function askToken(
  issuer: string,
  parameters: Record<string, string> | [string, string][],
  extra: Partial<Call> = {},
): Promise<TokenAnswer> {
  const body = new URLSearchParams(parameters);
  const { status, body: text } = await call({ method: 'POST', url: `${issuer}/token`, body, ...extra });
  return { status, body: JSON.parse(text) as Record<string, unknown> };
}

export const withSecret = ({ client_id, client_secret }: TestClient, connection?: { id: string }) => ({
  grant_type: 'client_credentials',
  client_id,
  client_secret,
  ...(connection ? { resource: `urn:sojourn:connection:${connection.id}` } : {}),
});
