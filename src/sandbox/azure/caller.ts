/** Who calls Azure Resource Manager: the customer's administrator, or an identity with an access token. */

import type { AccessTokens } from './access-token.ts';
import { made, type Outcome, refuse } from './answers.ts';
import { wrongTenant } from './directory.ts';
import type { Estate } from './kinds/kind.ts';
import { type Action, allows, grantsOf } from './roles.ts';

export type Caller =
  /** `Authorization: Bearer sandbox:TENANT-GUID`: may do everything in the subscriptions of that tenant. */
  | { readonly kind: 'administrator'; readonly tenant: string }
  | {
      readonly kind: 'identity';
      readonly tenant: string;
      readonly clientId: string;
      readonly principalId: string;
    };

const audiences = [
  'https://management.core.windows.net/',
  'https://management.core.windows.net',
  'https://management.azure.com/',
  'https://management.azure.com',
];

export function callerOf(
  authorization: string | undefined,
  tokens: AccessTokens,
  now: number,
): Outcome<Caller> {
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
  if (tenant) return made({ kind: 'administrator', tenant: tenant.toLowerCase() });

  const opened = tokens.open(token);
  if (!opened) return refuse(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
  if (!audiences.includes(opened.aud))
    return refuse(
      401,
      'InvalidAuthenticationTokenAudience',
      `The access token has been obtained for wrong audience or resource '${opened.aud}'. It should exactly match with one of the allowed audiences ${audiences.map((audience) => `'${audience}'`).join(',')}.`,
    );
  if (opened.exp * 1000 <= now)
    return refuse(
      401,
      'ExpiredAuthenticationToken',
      `The access token expiry UTC time '${american(opened.exp * 1000)}' is earlier than current UTC time '${american(now)}'.`,
    );
  return made({ kind: 'identity', tenant: opened.tid, clientId: opened.appid, principalId: opened.oid });
}

/** ARM writes these two times in the way of .NET's invariant culture with AM and PM. */
const american = (time: number): string =>
  new Date(time)
    .toLocaleString('en-US', { timeZone: 'UTC' })
    .replaceAll(/[\u202f,]/g, (mark) => (mark === ',' ? '' : ' '));

/** Undefined when the caller may; ARM's refusal otherwise. */
export function authorise(
  caller: Caller,
  action: Action,
  operation: string,
  id: string,
  subscription: string,
  estate: Estate,
) {
  const owner = estate.directory.tenantOf(subscription);
  if (caller.kind === 'administrator') return undefined;
  if (!owner)
    return refuse(404, 'SubscriptionNotFound', `The subscription '${subscription}' could not be found.`);
  if (owner !== caller.tenant) return wrongTenant(caller.tenant, owner);
  if (allows(grants(caller, estate), action, id)) return undefined;
  return refuse(
    403,
    'AuthorizationFailed',
    `The client '${caller.clientId}' with object id '${caller.principalId}' does not have authorization to perform action '${operation}' over scope '${id}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
  );
}

/** What an identity holds, as far as it has reached every corner of Azure. */
export const grants = (
  caller: Caller & { kind: 'identity' },
  { directory, now, propagationSeconds }: Estate,
) => grantsOf(directory, caller.principalId, now() - propagationSeconds() * 1000);
