/** Requests that the sandbox clouds received, to compare with what clients and server report. */
import * as azure from '../../src/sandbox/demo/customer/azure.ts';
import * as gcp from '../../src/sandbox/demo/customer/gcp.ts';
import { json } from '../../src/sandbox/demo/http.ts';

export type CloudName = 'aws' | 'azure' | 'gcp';

interface Entry {
  readonly cloud: CloudName;
  readonly operation: string;
  readonly outcome: string;
  readonly detail?: object;
}

/** What the cloud was asked while `work` was going on, oldest first and without the times. */
export async function askedOf<T>(
  sandbox: string,
  cloud: CloudName,
  work: () => Promise<T>,
): Promise<{ result: T; log: readonly Entry[] }> {
  const read = async () => (await json<{ entries: Entry[] }>({ url: `${sandbox}/sandbox/log` })).entries;
  const before = (await read()).length;
  const result = await work();
  const now = await read();
  const log = now
    .slice(0, now.length - before)
    .filter((entry) => entry.cloud === cloud)
    .map(({ operation, outcome, detail }) => ({ cloud, operation, outcome, ...(detail ? { detail } : {}) }))
    .reverse();
  return { result, log };
}

const cloudPlatform = 'https://www.googleapis.com/auth/cloud-platform';

/** One use of the credentials of the service account. */
export const gcpLog = [
  { cloud: 'gcp', operation: 'sts.token', outcome: 'ok', detail: { scope: cloudPlatform } },
  {
    cloud: 'gcp',
    operation: 'iamcredentials.generateAccessToken',
    outcome: 'ok',
    detail: { email: gcp.serviceAccount, scope: cloudPlatform, lifetime: '3600s' },
  },
  { cloud: 'gcp', operation: `GET /v3/projects/${gcp.projectId}`, outcome: '200' },
];

/** One use of the credentials of the connection's identity. */
export const azureLog = ({ id }: { id: string }) => {
  const group = `/subscriptions/${azure.subscription}/resourceGroups/${azure.resourceGroup}`;
  const identity = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/sojourn-${id}`;
  return [
    {
      cloud: 'azure',
      operation: 'token',
      outcome: 'ok',
      detail: { tenant: azure.tenantId, identity, resource: 'https://management.azure.com' },
    },
    {
      cloud: 'azure',
      operation: `GET /subscriptions/${azure.subscription}/resourcegroups`,
      outcome: '200',
    },
  ];
};
