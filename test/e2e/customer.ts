/** A customer with an account in each of the three sandbox clouds, set up only with the generated files. */
import * as aws from '../../src/sandbox/demo/customer/aws.ts';
import * as azure from '../../src/sandbox/demo/customer/azure.ts';
import * as gcp from '../../src/sandbox/demo/customer/gcp.ts';
import type { AdminClient } from '../../src/sandbox/demo/http.ts';
import type { TestConnection } from '../support/server.ts';

export interface Customer {
  readonly tenant: string;
  readonly aws: TestConnection & { readonly target: { readonly role_arn: string } };
  readonly azure: TestConnection & { readonly target: { readonly client_id: string } };
  readonly gcp: TestConnection;
}

export const places = { subscription: azure.subscription, project: gcp.projectId };

/** The configuration that sends the server to the sandbox instead of the clouds. */
export const cloudsAt = (sandbox: string) => ({
  aws: { sts_endpoint: `${sandbox}/aws` },
  azure: { authority_host: `${sandbox}/azure`, resource_manager_endpoint: `${sandbox}/azure` },
  gcp: {
    sts_endpoint: `${sandbox}/gcp`,
    iam_credentials_endpoint: `${sandbox}/gcp`,
    resource_manager_endpoint: `${sandbox}/gcp`,
  },
});

export async function connectCustomer(admin: AdminClient, sandbox: string): Promise<Customer> {
  const tenant = (await admin.post<{ id: string }>('/tenants', { name: 'Acme' })).id;
  const make = (cloud: string, target: object) =>
    admin.post<TestConnection>('/connections', { name: `acme-${cloud}`, tenant, cloud, target });
  const file = ({ id }: TestConnection, name: string) => admin.file(`/connections/${id}/setup/${name}`);

  const atAws = await make('aws', { region: 'us-east-1', session_tags: { Team: 'platform' } });
  const stack = await aws.applyTemplate(`${sandbox}/aws`, await file(atAws, 'cloudformation.json'));
  const atAzure = await make('azure', { tenant_id: azure.tenantId });
  const deployed = await azure.applyTemplate(`${sandbox}/azure`, await file(atAzure, 'azuredeploy.json'));
  const atGcp = await make('gcp', {
    project_number: gcp.projectNumber,
    pool_id: gcp.pool,
    provider_id: gcp.providerId,
    service_account: gcp.serviceAccount,
  });
  await gcp.prepareProject(`${sandbox}/gcp`);
  await gcp.applyRequests(`${sandbox}/gcp`, await file(atGcp, 'requests.json'));
  return {
    tenant,
    aws: await admin.patch(`/connections/${atAws.id}`, { target: { role_arn: stack.RoleArn } }),
    azure: await admin.patch(`/connections/${atAzure.id}`, { target: { client_id: deployed.clientId } }),
    gcp: atGcp,
  };
}
