/** Microsoft.Resources/resourceGroups */

import type { Resource } from '../directory.ts';
import type { ResourceId } from '../resource-id.ts';
import { type Outcome, ok, refuse } from '../responses.ts';
import { type JsonObject, text } from '../template/json.ts';
import type { CloudState, ResourceType } from './resource-type.ts';

export const resourceGroup: ResourceType = {
  type: 'Microsoft.Resources/resourceGroups',
  create(target: ResourceId, body: JsonObject, { now }: CloudState): Outcome<Resource> {
    const location = text(body.location);
    const [name = ''] = target.names;
    if (!location)
      return refuse(400, 'LocationRequired', 'The location property is required for this definition.');
    if (!/^[-\w.()]{1,90}$/.test(name) || name.endsWith('.')) {
      return refuse(
        400,
        'InvalidResourceGroup',
        `The provided resource group name '${name}' has these invalid characters. The name can only be a letter, digit, '-', '.', '(', ')' or '_', and cannot end with '.'.`,
      );
    }
    return ok({
      id: `/subscriptions/${target.subscription}/resourceGroups/${name}`,
      name,
      type: 'Microsoft.Resources/resourceGroups',
      location,
      ...(body.tags === undefined ? {} : { tags: body.tags }),
      properties: { provisioningState: 'Succeeded' },
      changedAt: now(),
    });
  },
};
