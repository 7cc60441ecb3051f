/** Microsoft.Storage/storageAccounts: a name of one space for everybody, and its one blob service. */
import { made, type Outcome, refuse } from '../answers.ts';
import type { Resource } from '../directory.ts';
import { type ResourceId, same } from '../resource-id.ts';
import { isObject, type JsonObject, text } from '../template/json.ts';
import type { Estate, Kind } from './kind.ts';

export const accountType = 'Microsoft.Storage/storageAccounts';

export const storageAccount: Kind = {
  type: accountType,
  make(target: ResourceId, body: JsonObject, { directory, now }: Estate): Outcome<Resource> {
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
    const taken = directory.ofType(accountType).some((one) => one.name === name && !same(one.id, target.id));
    if (taken)
      return refuse(409, 'StorageAccountAlreadyTaken', `The storage account named ${name} is already taken.`);
    const given = isObject(body.properties) ? body.properties : {};
    const service = `${target.id}/blobServices/default`;
    directory.put({
      id: service,
      name: 'default',
      type: `${accountType}/blobServices`,
      properties: {},
      changedAt: now(),
    });
    return made({
      id: target.id,
      name,
      type: accountType,
      location,
      properties: { allowBlobPublicAccess: given.allowBlobPublicAccess === true },
      changedAt: now(),
    });
  },
};
