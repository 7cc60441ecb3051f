/**
 * Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials.
 * Wrong values are accepted as Azure accepts them, blanks included: they fail at the exchange only.
 */
import { made, type Outcome, refuse } from '../answers.ts';
import type { Directory, Resource } from '../directory.ts';
import { type ResourceId, same, within } from '../resource-id.ts';
import { isObject, type JsonObject, text } from '../template/json.ts';
import type { Estate, Kind } from './kind.ts';

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials';
const maximum = 20;
const longest = 600;
/** Where a managed identity cannot have federated credentials (entra-docs, considerations). */
const regionsWithout = ['malaysiasouth', 'newzealandnorth'];

const badRequest = (message: string) => refuse(400, 'BadRequest', message);

export const credential: Kind = {
  type,
  make(target: ResourceId, body: JsonObject, { directory, now }: Estate): Outcome<Resource> {
    const name = target.names[1] ?? '';
    const given = isObject(body.properties) ? body.properties : {};
    const issuer = text(given.issuer) ?? '';
    const subject = text(given.subject) ?? '';
    const audiences = Array.isArray(given.audiences) ? given.audiences : [];
    const [audience] = audiences;

    if (!/^[A-Za-z0-9][A-Za-z0-9_-]{2,119}$/.test(name))
      return badRequest(
        `Federated identity credential name '${name}' is invalid. It must be 3 to 120 characters, start with a letter or digit, and have letters, digits, hyphens and underscores only.`,
      );
    if (!issuer) return badRequest('Federated identity credentials must have an issuer.');
    if (!subject) return badRequest('Federated identity credentials must have a subject.');
    if (audiences.length !== 1 || typeof audience !== 'string' || audience === '')
      return badRequest('Federated identity credentials must have exactly one audience.');
    for (const [field, value] of Object.entries({ issuer, subject, audience }))
      if (value.length > longest)
        return badRequest(`Federated identity credential ${field} must not exceed ${longest} characters.`);

    const owner = directory.get(target.id.split('/').slice(0, -2).join('/'));
    const region = owner?.location?.replaceAll(' ', '').toLowerCase() ?? '';
    if (regionsWithout.includes(region))
      return badRequest(`Federated identity credentials are not supported in region '${region}'.`);
    const others = credentialsOf(directory, owner?.id ?? '').filter(({ id }) => !same(id, target.id));
    if (others.length >= maximum)
      return badRequest(
        `Too many federated identity credentials for the managed identity: the limit is ${maximum}.`,
      );
    if (others.some(({ properties }) => properties.issuer === issuer && properties.subject === subject))
      return refuse(
        409,
        'Conflict',
        'Issuer and subject combination already exists for this Managed Identity.',
      );

    return made({ id: target.id, name, type, properties: { issuer, subject, audiences }, changedAt: now() });
  },
};

export const credentialsOf = (directory: Directory, identityId: string): readonly Resource[] =>
  directory.ofType(type).filter(({ id }) => within(id, identityId));
