/** Microsoft.Storage/storageAccounts: an account with a globally unique name, and its one blob service. */

import type { Resource } from '../directory.ts';
import { type ResourceId, same } from '../resource-id.ts';
import { type Outcome, ok, refuse } from '../responses.ts';
import { isObject, type JsonObject, text } from '../template/json.ts';
import type { CloudState, ResourceType } from './resource-type.ts';

export const accountType = 'Microsoft.Storage/storageAccounts';

export const storageAccount: ResourceType = {
  type: accountType,
  create(target: ResourceId, body: JsonObject, { directory, now }: CloudState): Outcome<Resource> {
    const [name = ''] = target.names;
    const location = text(body.location);
    if (!location)
      return refuse(400, 'LocationRequired', 'The location property is required for this definition.');
    if (!/^[a-z0-9]{3,24}$/.test(name))
      return refuse(
        400,
        'AccountNameInvalid',
        `${name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length and use numbers and lower-case letters only.`,
      );
    const taken = directory
      .ofType(accountType)
      .some((other) => other.name === name && !same(other.id, target.id));
    if (taken)
      return refuse(409, 'StorageAccountAlreadyTaken', `The storage account named ${name} is already taken.`);
    const input = isObject(body.properties) ? body.properties : {};
    const service = `${target.id}/blobServices/default`;
    directory.put({
      id: service,
      name: 'default',
      type: `${accountType}/blobServices`,
      properties: {},
      changedAt: now(),
    });
    return ok({
      id: target.id,
      name,
      type: accountType,
      location,
      properties: { allowBlobPublicAccess: input.allowBlobPublicAccess === true },
      changedAt: now(),
    });
  },
};
