import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import * as azure from '../../../src/sandbox/demo/customer/azure.ts';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { json } from '../../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../../support/server.ts';
import { checkOf, type PublishingBench, publishingBench, until } from './bench.ts';

const timeout = 120_000;
const group = `/subscriptions/${azure.subscription}/resourceGroups/${azure.resourceGroup}`;
const container = `${group}/providers/Microsoft.Storage/storageAccounts/idexample/blobServices/default/containers/issuer`;
const contributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe';

let bench: PublishingBench;
const connections: { gcp?: TestConnection; azure?: TestConnection } = {};
let mirrors: Record<'gcp' | 'azure', string>;

const connect = async (cloud: 'gcp' | 'azure', tenant: string, target: object): Promise<TestConnection> => {
  const connection = await bench.server.admin.post<TestConnection>('/connections', {
    name: cloud,
    tenant,
    cloud,
    target,
  });
  connections[cloud] = connection;
  return connection;
};
const file = ({ id }: TestConnection, name: string) =>
  bench.server.admin.file(`/connections/${id}/setup/${name}`);

const asGoogle = (method: string, path: string, body: object) =>
  json({
    method,
    url: `${bench.sandbox.origin}/gcp/storage/v1/b${path}`,
    headers: { authorization: `Bearer sandbox:${gcp.projectId}:${gcp.projectNumber}` },
    body,
  });
const grantAtGoogle = (...bindings: object[]) =>
  asGoogle('PUT', '/id-example-com/iam', {
    bindings: [{ role: 'roles/storage.objectViewer', members: ['allUsers'] }, ...bindings],
  });

const arm = <T>(method: string, path: string, body?: object) =>
  json<T>({
    method,
    url: `${bench.sandbox.origin}/azure${path}?api-version=2023-01-01`,
    headers: { authorization: `Bearer sandbox:${azure.tenantId}` },
    ...(body ? { body } : {}),
  });
async function grantAtAzure(): Promise<void> {
  const identities = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities`;
  const { value } = await arm<{ value: { properties: { principalId: string } }[] }>('GET', identities);
  await arm('PUT', `${container}/providers/Microsoft.Authorization/roleAssignments/${randomUUID()}`, {
    properties: {
      roleDefinitionId: `/subscriptions/${azure.subscription}/providers/Microsoft.Authorization/roleDefinitions/${contributor}`,
      principalId: value[0]?.properties.principalId,
      principalType: 'ServicePrincipal',
    },
  });
}

beforeAll(async () => {
  bench = await publishingBench();
  const { admin } = await bench.start();
  const { origin } = bench.sandbox;
  const tenant = (await admin.post<{ id: string }>('/tenants', { name: 'Ourselves' })).id;
  const atGoogle = await connect('gcp', tenant, {
    project_number: gcp.projectNumber,
    pool_id: gcp.pool,
    provider_id: gcp.providerId,
  });
  await gcp.prepareProject(`${origin}/gcp`);
  await gcp.applyRequests(`${origin}/gcp`, await file(atGoogle, 'requests.json'));
  await asGoogle('POST', `?project=${gcp.projectId}`, { name: 'id-example-com' });
  await grantAtGoogle();
  const atAzure = await connect('azure', tenant, {
    tenant_id: azure.tenantId,
    scope: 'https://storage.azure.com/.default',
  });
  const { clientId } = await azure.applyTemplate(`${origin}/azure`, await file(atAzure, 'azuredeploy.json'));
  await admin.patch(`/connections/${atAzure.id}`, { target: { client_id: clientId } });
  await arm('PUT', container.replace(/\/blobServices.*/, ''), {
    location: 'westeurope',
    properties: { allowBlobPublicAccess: true },
  });
  await arm('PUT', container, { properties: { publicAccess: 'Blob' } });
  mirrors = {
    gcp: `${origin}/gcp/storage/id-example-com/v1`,
    azure: `${origin}/azure/blob/idexample/issuer/v1`,
  };
}, timeout);
afterAll(() => bench.end(), timeout);

async function read(base: string, path: string) {
  const answer = await fetch(`${base}/${path}`);
  const { headers } = answer;
  return {
    status: answer.status,
    body: await answer.text(),
    type: headers.get('content-type'),
    cache: headers.get('cache-control'),
  };
}

describe('publishing to Cloud Storage and Blob Storage without a key', () => {
  test(
    'reports the refusal of each cloud with advice, while the server stays ready',
    async () => {
      const { origin } = bench.sandbox;
      await bench.start({
        publish: [
          {
            to: 'gs://id-example-com/v1',
            connection: connections.gcp?.id,
            endpoint: `${origin}/gcp/storage`,
            public_url: mirrors.gcp,
          },
          {
            to: 'https://idexample.blob.core.windows.net/issuer/v1',
            connection: connections.azure?.id,
            endpoint: `${origin}/azure/blob`,
            public_url: mirrors.azure,
          },
        ],
      });
      const check = await until(async () => {
        const found = await checkOf(bench.server, 'mirror_publishing');
        return found?.detail.split('failed').length === 3 && found;
      });
      expect(check.ok).toBe(true);
      expect(check.detail).toMatch(
        /cloud_permission_denied: The identity may not write to the bucket\. Google Cloud says AccessDenied: Access denied\. → Grant roles\/storage\.objectUser on the bucket/,
      );
      expect(check.detail).toMatch(
        /cloud_permission_denied: The identity may not write to the container\. Azure says AuthorizationPermissionMismatch: [^→]+ → Assign it the role Storage Blob Data Contributor/,
      );
      expect((await fetch(`${bench.server.adminOrigin}/readyz`)).status).toBe(200);
    },
    timeout,
  );

  test(
    'writes every document as it is served once both clouds allow it',
    async () => {
      await grantAtGoogle({
        role: 'roles/storage.objectUser',
        members: [
          `principal:${gcp.provider.replace(/\/providers\/.*/, '')}/subject/${connections.gcp?.subject}`,
        ],
      });
      await grantAtAzure();
      // The next attempt is due.
      bench.clock.ms += 16 * 60_000;
      for (const mirror of Object.values(mirrors)) {
        for (const path of ['jwks', '.well-known/openid-configuration']) {
          const found = await until(async () => {
            const answer = await read(mirror, path);
            return answer.status === 200 && answer;
          });
          expect(found).toEqual(await read(bench.server.issuer, path));
        }
      }
      await until(async () => (await checkOf(bench.server, 'mirrors'))?.detail === '2 as served');
      expect(bench.server.logged()).not.toMatch(/ya29\.|eyJ[\w-]*\./);
    },
    timeout,
  );

  test(
    'advises to set target.scope if the tokens of an Azure connection are not for storage',
    async () => {
      await bench.server.admin.patch(`/connections/${connections.azure?.id}`, { target: { scope: null } });
      // The periodic republication is due.
      bench.clock.ms += 60 * 60_000;
      const check = await until(async () => {
        const found = await checkOf(bench.server, 'mirror_publishing');
        return found?.detail.includes('failed') && found;
      });
      expect(check.detail).toContain(
        '→ Set target.scope of the connection to https://storage.azure.com/.default.',
      );
    },
    timeout,
  );
});
