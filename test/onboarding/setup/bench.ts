/** A server and the sandbox, a customer who applies what was generated for a live connection, and somebody who hears of it. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type CloudName, type SetupFacts, type SetupFile, setUpOf } from '../../../src/clouds/index.ts';
import { type Sandbox, startSandbox } from '../../../src/sandbox/index.ts';
import { cloudsAt } from '../../e2e/customer.ts';
import { askToken, type TestServer, testServer, withSecret } from '../../support/server.ts';
import { contentOf } from './arrange.ts';

export interface Live {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly cloud: CloudName;
  readonly subject: string;
  readonly audience: string;
  readonly issuer: string;
  readonly target: Readonly<Record<string, unknown>>;
}

export interface Verified {
  readonly verdict: string;
  readonly checks: readonly { readonly name: string; readonly outcome: string; readonly detail: string }[];
}

export interface Heard {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly type: string | undefined;
  readonly body: unknown;
}

export interface SetupBench {
  readonly sandbox: Sandbox;
  readonly server: TestServer;
  readonly tenant: string;
  /** Where the files report to; what it heard since it was last asked, and the status it answers with. */
  readonly callback: string;
  heard(): readonly Heard[];
  answer(status: number): void;
  connect(cloud: CloudName, target: object, name?: string): Promise<Live>;
  save(connection: Live, target: object): Promise<void>;
  verify(connection: Live): Promise<Verified>;
  /** A real exchange succeeds. */
  isIn(connection: Live): Promise<boolean>;
  /** The claims of a token of /token for the connection. */
  claims(connection: Live): Promise<Record<string, unknown>>;
  close(): Promise<void>;
}

export const vendor = `Vendor's "$(id)" \`Inc\``;

export async function setupBench(config: Record<string, unknown> = {}): Promise<SetupBench> {
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  const server = await testServer({ config: { clouds: cloudsAt(sandbox.origin), vendor, ...config } });
  const tenant = (await server.admin.post<{ id: string }>('/tenants', { name: 'Acme' })).id;
  let heard: Heard[] = [];
  let status = 204;
  const receiver = createServer(async (request, response) => {
    let text = '';
    for await (const part of request) text += part;
    const { method, url, headers } = request;
    heard.push({ method, url, type: headers['content-type'], body: JSON.parse(text) });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { admin, issuer } = server;
  const verify = ({ id }: Live) => admin.post<Verified>(`/connections/${id}/verify`);
  return {
    sandbox,
    server,
    tenant,
    callback: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/connect/inv_1/report`,
    heard() {
      const all = heard;
      heard = [];
      return all;
    },
    answer(next) {
      status = next;
    },
    connect: (cloud, target, name = `acme-${cloud}`) =>
      admin.post<Live>('/connections', { name, tenant, cloud, target }),
    save: async ({ id }, target) => void (await admin.patch(`/connections/${id}`, { target })),
    verify,
    isIn: async (connection) => (await verify(connection)).verdict === 'active',
    async claims(connection) {
      const client = await admin.post<{ client_id: string; client_secret: string }>('/clients', {
        name: 'looker',
        may_use: [{ connection: connection.id }],
      });
      const { body } = await askToken(issuer, withSecret(client, connection));
      const [, claims = ''] = String(body.access_token).split('.');
      return JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
    },
    async close() {
      receiver.close();
      receiver.closeAllConnections();
      await server.close();
      await sandbox.close();
    },
  };
}

export const factsFor = (connection: Live, more: Partial<SetupFacts> = {}): SetupFacts => ({
  issuer: connection.issuer,
  subject: connection.subject,
  audience: connection.audience,
  connection: { id: connection.id, name: connection.name },
  vendor,
  ...more,
});

export const filesFor = (connection: Live, more: Partial<SetupFacts> = {}): readonly SetupFile[] =>
  setUpOf(connection.cloud).files(connection.target, factsFor(connection, more));

export const fileFor = (connection: Live, name: string, more: Partial<SetupFacts> = {}): string =>
  contentOf(filesFor(connection, more), name);
