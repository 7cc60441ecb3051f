/** Microsoft.ManagedIdentity/userAssignedIdentities: the identity that a connection becomes. */
import { randomUUID } from 'node:crypto';
import { made, type Outcome, refuse } from '../answers.ts';
import type { Directory, Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import { type JsonObject, text } from '../template/json.ts';
import type { Estate, Kind } from './kind.ts';

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';

export const identity: Kind = {
  type,
  make(target: ResourceId, body: JsonObject, { directory, now }: Estate): Outcome<Resource> {
    const location = text(body.location);
    const [name = ''] = target.names;
    if (!location)
      return refuse(400, 'LocationRequired', 'The location property is required for this definition.');
    if (!/^[A-Za-z0-9][-\w]{2,127}$/.test(name)) {
      return refuse(
        400,
        'InvalidResourceName',
        `Resource name ${name} is invalid. The name must start with a letter or number, be between 3 and 128 characters and can only contain letters, numbers, hyphens and underscores.`,
      );
    }
    const before = directory.get(target.id);
    const properties = before?.properties ?? {
      tenantId: directory.tenantOf(target.subscription) ?? '',
      principalId: randomUUID(),
      clientId: randomUUID(),
    };
    const tags = body.tags ?? before?.tags ?? {};
    return made({
      id: target.id,
      name,
      type,
      location,
      tags,
      properties,
      changedAt: before?.changedAt ?? now(),
    });
  },
};

/** The identity that signs in as `clientId`, if that tenant has one. */
export function identityByClientId(
  directory: Directory,
  tenant: string,
  clientId: string,
): Resource | undefined {
  return directory
    .ofType(type)
    .find(
      ({ properties }) =>
        text(properties.clientId)?.toLowerCase() === clientId.toLowerCase() && properties.tenantId === tenant,
    );
}

export function identityByPrincipalId(directory: Directory, principalId: string): Resource | undefined {
  return directory.ofType(type).find(({ properties }) => properties.principalId === principalId);
}
