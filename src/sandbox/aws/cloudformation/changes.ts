/** What a change set says about each resource. CloudFormation compares templates and parameters, as here. */
import { isDeepStrictEqual } from 'node:util';
import type { ChangeSet, Stack } from './stack.ts';
import { parseTemplate } from './template.ts';

export function changesOf(stack: Stack, { type, input }: ChangeSet) {
  const after = parseTemplate(input.body).resources;
  const before = type === 'CREATE' ? [] : parseTemplate(stack.input.body).resources;
  const sameParameters = isDeepStrictEqual(stack.input.parameters, input.parameters);
  const physicalIds = new Map(stack.resources.map(({ logicalId, physicalId }) => [logicalId, physicalId]));
  const change = (action: string, { logicalId, type: resourceType }: (typeof after)[number]) => ({
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalIds.get(logicalId),
      ResourceType: resourceType,
      // Whether a changed property needs a new resource is known only when it is evaluated.
      Replacement: action === 'Modify' ? 'Conditional' : undefined,
    },
  });
  const changed = after.flatMap((definition) => {
    const old = before.find(({ logicalId }) => logicalId === definition.logicalId);
    if (!old) return [change('Add', definition)];
    return sameParameters && isDeepStrictEqual(old, definition) ? [] : [change('Modify', definition)];
  });
  const removed = before.filter(({ logicalId }) => !after.some((kept) => kept.logicalId === logicalId));
  return [...changed, ...removed.map((definition) => change('Remove', definition))];
}
