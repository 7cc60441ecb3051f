/** A server with the sandbox clouds behind it, connections that wait for their customers, and invitations to them. */

import type { Now } from '../../../src/platform/time/index.ts';
import * as aws from '../../../src/sandbox/demo/customer/aws.ts';
import * as azure from '../../../src/sandbox/demo/customer/azure.ts';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { cloudsAt } from '../../e2e/customer.ts';
import {
  askToken,
  type TestClient,
  type TestConnection,
  type TestServer,
  testServer,
  withSecret,
} from '../../support/server.ts';
import { deploy } from '../setup/aws.arrange.ts';

export type Cloud = 'aws' | 'azure' | 'gcp';

export interface Invited {
  readonly connection: TestConnection;
  readonly invitation: { readonly id: string; readonly url: string; readonly expires_at: string };
}

export interface Stage {
  readonly server: TestServer;
  readonly sandbox: string;
  readonly client: TestClient;
  /** A pending connection and an invitation to it. */
  invite(cloud?: Cloud, more?: { target?: object; name?: string; expires_in?: string }): Promise<Invited>;
  /** Does in the sandbox what the customer's administrator does; resolves to what they report. */
  setUp(cloud: Cloud, invited: Invited): Promise<Record<string, string>>;
  token(connection: { id: string }): ReturnType<typeof askToken>;
  /** A token for /v1. */
  bearer(): Promise<string>;
  audit(connection: { id: string }, event?: string): Promise<Record<string, unknown>[]>;
  /** Empties the clouds, and deletes the connections whose resources they had. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const startTargets = {
  aws: { region: 'us-east-1' },
  azure: {},
  gcp: {
    project_number: gcp.projectNumber,
    pool_id: gcp.pool,
    provider_id: gcp.providerId,
    service_account: gcp.serviceAccount,
  },
};

export async function openStage(
  options: { config?: Record<string, unknown>; now?: Now; port?: number } = {},
): Promise<Stage> {
  const sandbox = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  const server = await testServer({
    ...(options.now ? { now: options.now } : {}),
    ...(options.port ? { port: options.port } : {}),
    config: { vendor: 'Example Corp', clouds: cloudsAt(sandbox.origin), ...options.config },
  });
  const { admin } = server;
  const tenant = await admin.post<{ id: string }>('/tenants', { name: 'Acme' });
  const client = await admin.post<TestClient>('/clients', {
    name: 'deployer',
    may_use: [{ tenant: tenant.id }],
  });
  const token = (connection?: { id: string }) =>
    askToken(server.issuer, {
      ...withSecret(client, connection),
      ...(connection ? {} : { resource: 'urn:sojourn:api' }),
    });
  return {
    server,
    sandbox: sandbox.origin,
    client,
    token,
    bearer: async () => String((await token()).body.access_token),

    async invite(cloud = 'aws', { target = startTargets[cloud], name = `acme-${cloud}`, expires_in } = {}) {
      const connection = await admin.post<TestConnection>('/connections', {
        ...{ name, tenant: tenant.id, cloud, target },
      });
      const invitation = await admin.post<Invited['invitation']>(
        `/connections/${connection.id}/invitations`,
        expires_in ? { expires_in } : {},
      );
      return { connection, invitation };
    },

    async setUp(cloud, { invitation: { url } }) {
      const file = async (name: string) => (await fetch(`${url}/files/${name}`)).text();
      if (cloud === 'aws') {
        const template = await file('cloudformation.json');
        // It would report by itself, which has tests of its own.
        const { outputs } = await deploy(sandbox.origin, aws.account, template, { ReportBack: 'false' });
        return { role_arn: outputs.RoleArn ?? '' };
      }
      if (cloud === 'azure') {
        const { tenantId = '', clientId = '' } = await azure.applyTemplate(
          `${sandbox.origin}/azure`,
          await file('azuredeploy.json'),
        );
        return { tenant_id: tenantId, client_id: clientId };
      }
      await gcp.prepareProject(`${sandbox.origin}/gcp`);
      await gcp.applyRequests(`${sandbox.origin}/gcp`, await file('requests.json'));
      return startTargets.gcp;
    },

    async audit({ id }, event) {
      const query = `connection=${id}&limit=200${event ? `&event=${event}` : ''}`;
      return (await admin.get<{ items: Record<string, unknown>[] }>(`/audit?${query}`)).items;
    },

    async reset() {
      const { items } = await admin.get<{ items: { id: string }[] }>('/connections?limit=200');
      const headers = { authorization: `Bearer ${server.adminToken}` };
      for (const { id } of items)
        await fetch(`${server.adminOrigin}/admin/v1/connections/${id}`, { method: 'DELETE', headers });
      await fetch(`${sandbox.origin}/sandbox/reset`, { method: 'POST' });
    },

    async close() {
      await server.close();
      await sandbox.close();
    },
  };
}
