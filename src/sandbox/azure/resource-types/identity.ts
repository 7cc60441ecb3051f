/** Microsoft.ManagedIdentity/userAssignedIdentities: the identity of a connection. */
import { randomUUID } from 'node:crypto';
import type { Directory, Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import { type Outcome, ok, refuse } from '../responses.ts';
import { type JsonObject, text } from '../template/json.ts';
import type { CloudState, ResourceType } from './resource-type.ts';

const type = 'Microsoft.ManagedIdentity/userAssignedIdentities';

export const identity: ResourceType = {
  type,
  create(target: ResourceId, body: JsonObject, { directory, now }: CloudState): Outcome<Resource> {
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
    return ok({
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

/** The tenant's identity with this client id, if any. */
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
