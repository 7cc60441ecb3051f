/** Microsoft.Storage/storageAccounts/blobServices/containers: containers of blobs, with their public access. */

import type { Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import { type Outcome, ok, refuse } from '../responses.ts';
import { isObject, type JsonObject, stringOf } from '../template/json.ts';
import type { CloudState, ResourceType } from './resource-type.ts';

export const containerType = 'Microsoft.Storage/storageAccounts/blobServices/containers';

export const container: ResourceType = {
  type: containerType,
  create(target: ResourceId, body: JsonObject, { now }: CloudState): Outcome<Resource> {
    const name = target.names.at(-1) ?? '';
    if (!/^(\$web|[a-z0-9](-?[a-z0-9]){2,62})$/.test(name))
      return refuse(400, 'InvalidResourceName', 'The specifed resource name contains invalid characters.');
    const input = isObject(body.properties) ? body.properties : {};
    const publicAccess = input.publicAccess === undefined ? 'None' : stringOf(input.publicAccess);
    return ok({
      id: target.id,
      name,
      type: containerType,
      properties: { publicAccess },
      changedAt: now(),
    });
  },
};
