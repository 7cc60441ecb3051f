/**
 * The exchange pipeline of a real server with the sandbox clouds, a tenant, and a client with a token for /v1. With
 * `front`, the clouds read the issuer's documents from there instead of from the server, so that a test can change them.
 */

import type { Now } from '../../../src/platform/time/index.ts';
import { freePort } from '../../../src/sandbox/demo/local-server.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import {
  askToken,
  type TestClient,
  type TestConnection,
  testServer,
  withSecret,
} from '../../support/server.ts';
import type { TestIssuer } from '../../support/test-issuer.ts';

export interface Answered {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

interface LogEntry {
  readonly cloud: string;
  readonly operation: string;
  readonly outcome: string;
}

export type Pipeline = Awaited<ReturnType<typeof openPipeline>>;

export async function openPipeline(
  options: {
    front?: TestIssuer;
    config?: Record<string, unknown>;
    now?: Now;
    /** The clock of the sandbox, which by default is the real one plus the offset of its control. */
    sandboxNow?: Now;
    /** A folder with further presets. */
    presets?: string;
    /** By preset, its stand-in. */
    services?: Readonly<Record<string, string>>;
  } = {},
) {
  const sandbox = await startSandbox({
    listen: { host: '127.0.0.1', port: 0 },
    ...(options.sandboxNow ? { now: options.sandboxNow } : {}),
  });
  const services = await Promise.all(
    Object.entries(options.services ?? {}).map(async ([preset, name]) => {
      // A service whose protocol is not HTTP has a port of its own.
      const listener = await fetch(`${sandbox.origin}/${name}/listener`);
      const own = listener.ok ? ((await listener.json()) as { url: string }).url : undefined;
      return [preset, own ?? `${sandbox.origin}/${name}`] as const;
    }),
  );
  const port = await freePort();
  const server = await testServer({
    port,
    // A server with a clock of its own does not compare it with that of the sandbox, which tests set.
    now: options.now ?? Date.now,
    config: {
      ...(options.front ? { issuer: options.front.issuer } : {}),
      clouds: {
        aws: { sts_endpoint: `${sandbox.origin}/aws` },
        azure: {
          authority_host: `${sandbox.origin}/azure`,
          resource_manager_endpoint: `${sandbox.origin}/azure`,
        },
        gcp: {
          sts_endpoint: `${sandbox.origin}/gcp`,
          iam_credentials_endpoint: `${sandbox.origin}/gcp`,
          resource_manager_endpoint: `${sandbox.origin}/gcp`,
        },
      },
      presets: {
        folder: options.presets ?? null,
        endpoints: Object.fromEntries(services),
      },
      ...options.config,
    },
  });
  const { admin } = server;
  const issuer = options.front?.issuer ?? server.issuer;
  /** The URL of the server itself, with the path of the issuer. */
  const base = `http://127.0.0.1:${port}${new URL(issuer).pathname.replace(/\/$/, '')}`;
  const tenant = await admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const client = await admin.post<TestClient>('/clients', {
    name: 'deployer',
    may_use: [{ tenant: tenant.id }],
  });

  const bearerOf = async (client: TestClient): Promise<string> => {
    const { body } = await askToken(base, { ...withSecret(client), resource: 'urn:sojourn:api' });
    return String(body.access_token);
  };
  const bearer = await bearerOf(client);

  const ask = async (path: string, token = bearer, init: RequestInit = {}): Promise<Answered> => {
    const answer = await fetch(`${base}/v1/connections/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...(init.headers as Record<string, string> | undefined) },
    });
    const body = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, retryAfter: answer.headers.get('retry-after'), body };
  };

  const text = async (path: string): Promise<string> => {
    const headers = { authorization: `Bearer ${bearer}` };
    return (await fetch(`${base}/v1/connections/${path}`, { headers })).text();
  };

  const callSandbox = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(`${sandbox.origin}/sandbox${path}`, { method, ...sent });
    if (answer.status !== 200) throw new Error(`the sandbox answered ${answer.status}`);
    return answer.json();
  };

  return {
    sandbox: sandbox.origin,
    server,
    admin,
    issuer,
    base,
    tenant,
    client,
    bearer,
    bearerOf,
    ask,
    text,
    credentials: (id: string, token?: string) => ask(`${id}/credentials`, token),
    callSandbox,
    connect: (cloud: string, target: object, tenantId = tenant.id) =>
      admin.post<TestConnection>('/connections', { name: 'prod', tenant: tenantId, cloud, target }),
    /** The token requests that the sandbox clouds logged, oldest first: operation and outcome. */
    async tokenRequests(): Promise<string[]> {
      const { entries } = (await callSandbox('GET', '/log')) as { entries: LogEntry[] };
      return entries
        .filter(({ operation }) => tokenOperations.has(operation))
        .map(({ operation, outcome }) => `${operation} ${outcome}`)
        .toReversed();
    },
    async audit(query: string): Promise<Record<string, unknown>[]> {
      const { items } = await admin.get<{ items: Record<string, unknown>[] }>(`/audit?limit=200&${query}`);
      return items.map((line) => without(line, 'id', 'occurred_at', 'request_id'));
    },
    async close() {
      await server.close();
      await sandbox.close();
    },
  };
}

const tokenOperations = new Set([
  'sts:AssumeRoleWithWebIdentity',
  'token',
  'sts.token',
  'iamcredentials.generateAccessToken',
]);

/** An object without some of its members. */
export const without = (object: Readonly<Record<string, unknown>>, ...names: readonly string[]) =>
  Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)));
