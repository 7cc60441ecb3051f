/** What a token is for: one resource, which the scope of client_credentials names with `/.default` at its end. */
import { aadsts, type EntraRefusal } from './entra-response.ts';
import { isFirstParty } from './first-party.ts';

type Requested = { readonly ok: true; readonly resource: string } | EntraRefusal;

export function resourceOfScope(scope: string, tenant: string): Requested {
  const resource = /^(\S+)\/\.default$/.exec(scope.trim())?.[1];
  if (!resource)
    return aadsts(
      70011,
      'invalid_scope',
      `The provided request must include a 'scope' input parameter. The provided value for the input parameter 'scope' is not valid. The scope ${scope} is not valid.`,
    );
  return requireKnown(resource, tenant);
}

export function requireKnown(resource: string, tenant: string): Requested {
  if (isFirstParty(resource)) return { ok: true, resource };
  return aadsts(
    500011,
    'invalid_resource',
    `The resource principal named ${resource} was not found in the tenant named ${tenant}. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent your authentication request to the wrong tenant.`,
  );
}
