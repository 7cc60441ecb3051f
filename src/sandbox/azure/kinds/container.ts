/** Microsoft.Storage/storageAccounts/blobServices/containers: where blobs lie, and whether everybody may read them. */
import { made, type Outcome, refuse } from '../answers.ts';
import type { Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import { isObject, type JsonObject, stringOf } from '../template/json.ts';
import type { Estate, Kind } from './kind.ts';

export const containerType = 'Microsoft.Storage/storageAccounts/blobServices/containers';

export const container: Kind = {
  type: containerType,
  make(target: ResourceId, body: JsonObject, { now }: Estate): Outcome<Resource> {
    const name = target.names.at(-1) ?? '';
    if (!/^(\$web|[a-z0-9](-?[a-z0-9]){2,62})$/.test(name))
      return refuse(400, 'InvalidResourceName', 'The specifed resource name contains invalid characters.');
    const given = isObject(body.properties) ? body.properties : {};
    const publicAccess = given.publicAccess === undefined ? 'None' : stringOf(given.publicAccess);
    return made({
      id: target.id,
      name,
      type: containerType,
      properties: { publicAccess },
      changedAt: now(),
    });
  },
};
