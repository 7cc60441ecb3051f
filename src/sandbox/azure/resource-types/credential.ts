/**
 * Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials. Like Azure, it accepts wrong values,
 * including spaces: they fail only at the exchange.
 */

import type { Directory, Resource } from '../directory.ts';
import { type ResourceId, same, within } from '../resource-id.ts';
import { type Outcome, ok, refuse } from '../responses.ts';
import { isObject, type JsonObject, text } from '../template/json.ts';
import type { CloudState, ResourceType } from './resource-type.ts';

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials';
const maxCredentials = 20;
const maxLength = 600;
/** Regions without federated credentials for managed identities (entra-docs, considerations). */
const unsupportedRegions = ['malaysiasouth', 'newzealandnorth'];

/** The first version in which a managed identity has expressions. */
const expressionsSince = '2025-01-31-preview';

const badRequest = (message: string) => refuse(400, 'BadRequest', message);

export const credential: ResourceType = {
  type,
  create(target: ResourceId, body: JsonObject, { directory, now }: CloudState): Outcome<Resource> {
    const name = target.names[1] ?? '';
    const input = isObject(body.properties) ? body.properties : {};
    const issuer = text(input.issuer) ?? '';
    const subject = text(input.subject) ?? '';
    const audiences = Array.isArray(input.audiences) ? input.audiences : [];
    const [audience] = audiences;

    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(name))
      return badRequest(
        `Federated identity credential name '${name}' is invalid. It must be 3 to 120 characters, start with a letter or digit, and have letters, digits, hyphens and underscores only.`,
      );
    if (!issuer) return badRequest('Federated identity credentials must have an issuer.');
    const expression = expressionOf(body);
    if (!subject && !expression) return badRequest('Federated identity credentials must have a subject.');
    if (subject && expression)
      return badRequest(
        'Federated identity credentials must have either a subject or a claimsMatchingExpression.',
      );
    if (audiences.length !== 1 || typeof audience !== 'string' || audience === '')
      return badRequest('Federated identity credentials must have exactly one audience.');
    for (const [field, value] of Object.entries({ issuer, subject, audience }))
      if (value.length > maxLength)
        return badRequest(`Federated identity credential ${field} must not exceed ${maxLength} characters.`);

    const owner = directory.get(target.id.split('/').slice(0, -2).join('/'));
    const region = owner?.location?.replaceAll(' ', '').toLowerCase() ?? '';
    if (unsupportedRegions.includes(region))
      return badRequest(`Federated identity credentials are not supported in region '${region}'.`);
    const others = credentialsOf(directory, owner?.id ?? '').filter(({ id }) => !same(id, target.id));
    if (others.length >= maxCredentials)
      return badRequest(
        `Too many federated identity credentials for the managed identity: the limit is ${maxCredentials}.`,
      );
    const isTaken = others.some(
      ({ properties }) => properties.issuer === issuer && properties.subject === subject,
    );
    if (!expression && isTaken)
      return refuse(
        409,
        'Conflict',
        'Issuer and subject combination already exists for this Managed Identity.',
      );

    const matching = expression ? { claimsMatchingExpression: expression } : { subject };
    const properties = { issuer, ...matching, audiences };
    return ok({ id: target.id, name, type, properties, changedAt: now() });
  },
};

/** Earlier versions of the API ignore it, as they do every unknown property. */
function expressionOf({ apiVersion, properties }: JsonObject): JsonObject | undefined {
  const expression = isObject(properties) ? properties.claimsMatchingExpression : undefined;
  const isSupported = /-preview$/.test(String(apiVersion)) && String(apiVersion) >= expressionsSince;
  return isSupported && isObject(expression) && text(expression.value) ? expression : undefined;
}

export const credentialsOf = (directory: Directory, identityId: string): readonly Resource[] =>
  directory.ofType(type).filter(({ id }) => within(id, identityId));
