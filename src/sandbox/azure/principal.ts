/**
 * Authenticates and authorizes calls to Azure Resource Manager: the customer's administrator, or an identity with an
 * access token.
 */

import type { AccessTokens } from './access-token.ts';
import { wrongTenant } from './directory.ts';
import type { CloudState } from './resource-types/resource-type.ts';
import { type Outcome, ok, refuse } from './responses.ts';
import { type Action, allows, grantsOf } from './roles.ts';

export type Principal =
  /** `Authorization: Bearer sandbox:TENANT-GUID`: full access to the subscriptions of that tenant. */
  | { readonly kind: 'administrator'; readonly tenant: string }
  | {
      readonly kind: 'identity';
      readonly tenant: string;
      readonly clientId: string;
      readonly principalId: string;
    };

const both = (host: string) => [`https://${host}/`, `https://${host}`];

const audiences = ['management.core.windows.net', 'management.azure.com'].flatMap(both);
/** The sandbox is the Resource Manager of all clouds, and its texts are those of the public one. */
const nationalAudiences = [
  'management.core.usgovcloudapi.net',
  'management.usgovcloudapi.net',
  'management.core.chinacloudapi.cn',
  'management.chinacloudapi.cn',
].flatMap(both);

export function authenticate(
  authorization: string | undefined,
  tokens: AccessTokens,
  now: number,
): Outcome<Principal> {
  if (!authorization)
    return refuse(
      401,
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is missing.",
    );
  const [scheme = '', token = ''] = authorization.split(' ');
  if (scheme.toLowerCase() !== 'bearer' || !token)
    return refuse(
      401,
      'AuthenticationFailed',
      "Authentication failed. The 'Authorization' header is provided in an invalid format.",
    );
  const tenant = /^sandbox:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(token)?.[1];
  if (tenant) return ok({ kind: 'administrator', tenant: tenant.toLowerCase() });

  const accessToken = tokens.open(token);
  if (!accessToken) return refuse(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
  if (![...audiences, ...nationalAudiences].includes(accessToken.aud))
    return refuse(
      401,
      'InvalidAuthenticationTokenAudience',
      `The access token has been obtained for wrong audience or resource '${accessToken.aud}'. It should exactly match with one of the allowed audiences ${audiences.map((audience) => `'${audience}'`).join(',')}.`,
    );
  if (accessToken.exp * 1000 <= now)
    return refuse(
      401,
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time '${formatDotNetTime(accessToken.exp * 1000)}' is earlier than current UTC time '${formatDotNetTime(now)}'.`,
    );
  return ok({
    kind: 'identity',
    tenant: accessToken.tid,
    clientId: accessToken.appid,
    principalId: accessToken.oid,
  });
}

/** ARM prints these times in .NET's invariant culture, with AM and PM. */
const formatDotNetTime = (time: number): string =>
  new Date(time)
    .toLocaleString('en-US', { timeZone: 'UTC' })
    .replaceAll(/[\u202f,]/g, (mark) => (mark === ',' ? '' : ' '));

/** Undefined if the principal is authorized; ARM's refusal otherwise. */
export function authorize(
  principal: Principal,
  action: Action,
  operation: string,
  id: string,
  subscription: string,
  state: CloudState,
) {
  const owner = state.directory.tenantOf(subscription);
  if (principal.kind === 'administrator') return undefined;
  if (!owner)
    return refuse(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
  if (owner !== principal.tenant) return wrongTenant(principal.tenant, owner);
  if (allows(grants(principal, state), action, id)) return undefined;
  return refuse(
    403,
    'AuthorizationFailed',
    `The client '${principal.clientId}' with object id '${principal.principalId}' does not have authorization to perform action '${operation}' over scope '${id}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

/** The role assignments of an identity that have propagated. */
export const grants = (
  principal: Principal & { kind: 'identity' },
  { directory, now, propagationSeconds }: CloudState,
) => grantsOf(directory, principal.principalId, now() - propagationSeconds() * 1000);
