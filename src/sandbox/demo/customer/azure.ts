/** The customer's Azure administrator, who only deploys the ARM template into a resource group. */
import { json } from '../http.ts';

export const tenantId = '11111111-2222-4333-8444-555555555555';
export const subscription = 'aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee';
export const resourceGroup = 'workloads';

interface Deployment {
  readonly properties: {
    readonly provisioningState: string;
    readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  };
}

/** Returns the deployment's outputs. */
export async function applyTemplate(azure: string, template: string): Promise<Record<string, string>> {
  const group = `${azure}/subscriptions/${subscription}/resourcegroups/${resourceGroup}`;
  const headers = { authorization: `Bearer sandbox:${tenantId}` };
  await json({
    method: 'PUT',
    url: `${group}?api-version=2021-04-01`,
    headers,
    body: { location: 'westeurope' },
  });
  const { properties } = await json<Deployment>({
    method: 'PUT',
    url: `${group}/providers/Microsoft.Resources/deployments/sojourn?api-version=2021-04-01`,
    headers,
    body: { properties: { mode: 'Incremental', template: JSON.parse(template), parameters: {} } },
  });
  if (properties.provisioningState !== 'Succeeded')
    throw new Error(`the deployment ended as ${properties.provisioningState}`);
  return Object.fromEntries(Object.entries(properties.outputs).map(([name, { value }]) => [name, value]));
}
