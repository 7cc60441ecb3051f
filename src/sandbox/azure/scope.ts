/** The scope of client_credentials: exactly one resource, ending in `/.default`. */
import { aadsts, type EntraRefusal } from './entra-response.ts';

/** Resources with a service principal in every tenant, by identifier URI without a trailing slash. */
const resources = [
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://management.usgovcloudapi.net',
  'https://management.core.usgovcloudapi.net',
  'https://management.chinacloudapi.cn',
  'https://management.core.chinacloudapi.cn',
  'https://graph.microsoft.com',
  'https://vault.azure.net',
  'https://storage.azure.com',
  'https://database.windows.net',
];

export function resourceOf(
  scope: string,
  tenant: string,
): { readonly ok: true; readonly resource: string } | EntraRefusal {
  const resource = /^(\S+)\/\.default$/.exec(scope.trim())?.[1];
  if (!resource)
    return aadsts(
      70011,
      'invalid_scope',
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
    );
  // `https://management.azure.com//.default` requests the audience with its trailing slash.
  if (resources.includes(resource.replace(/\/$/, ''))) return { ok: true, resource };
  return aadsts(
    500011,
    'invalid_resource',
    `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  );
}
