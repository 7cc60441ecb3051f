/** Writes, reads and lists resources of the supported types. */

import type { Resource } from './directory.ts';
import { policyRefusal } from './policy.ts';
import { type ResourceId, same, within } from './resource-id.ts';
import { container } from './resource-types/container.ts';
import { credential } from './resource-types/credential.ts';
import { identity } from './resource-types/identity.ts';
import { resourceGroup } from './resource-types/resource-group.ts';
import type { CloudState, ResourceType } from './resource-types/resource-type.ts';
import { roleAssignment } from './resource-types/role-assignment.ts';
import { storageAccount } from './resource-types/storage-account.ts';
import { type Outcome, ok, refuse } from './responses.ts';
import type { JsonObject } from './template/json.ts';

const resourceTypes: readonly ResourceType[] = [
  resourceGroup,
  identity,
  credential,
  roleAssignment,
  storageAccount,
  container,
];

export const resourceTypeOf = (type: string): ResourceType | undefined =>
  resourceTypes.find((kind) => same(kind.type, type));

/** Checks the parent, then the resource itself, and stores it. */
export function write(target: ResourceId, body: JsonObject, state: CloudState): Outcome<Resource> {
  const kind = resourceTypeOf(target.type);
  if (!kind) return unknownType(target.type);
  const absent = absentOwner(target, kind, state);
  if (absent) return absent;
  const refusal = policyRefusal(state.policies(target.subscription), target, body);
  if (refusal) return refusal;
  const outcome = kind.create(target, body, state);
  if (outcome.ok) state.directory.put(outcome.value);
  return outcome;
}

export function read(target: ResourceId, state: CloudState): Outcome<Resource> {
  if (!resourceTypeOf(target.type)) return unknownType(target.type);
  const found = state.directory.get(target.id);
  return found ? ok(found) : notFound(target, state);
}

/** The resources of a collection, in order of creation. */
export function list(target: ResourceId, state: CloudState): Outcome<readonly Resource[]> {
  if (!resourceTypeOf(target.type)) return unknownType(target.type);
  const parent = target.names.length > 0 ? target.id.slice(0, target.id.lastIndexOf('/')) : target.scope;
  if (target.group && !groupExists(target, state)) return groupNotFound(target);
  return ok(state.directory.ofType(target.type).filter(({ id }) => within(id, parent)));
}

const groupPath = ({ subscription, group }: ResourceId) =>
  `/subscriptions/${subscription}/resourceGroups/${group}`;

const groupExists = (target: ResourceId, { directory }: CloudState) =>
  directory.get(groupPath(target)) !== undefined;

const groupNotFound = ({ group }: ResourceId) =>
  refuse(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);

function absentOwner(target: ResourceId, kind: ResourceType, state: CloudState) {
  if (kind === resourceGroup) return undefined;
  if (target.group && !groupExists(target, state)) return groupNotFound(target);
  const parent = target.names.length > 1 ? target.id.split('/').slice(0, -2).join('/') : undefined;
  if (!parent || state.directory.get(parent)) return undefined;
  const shortType = target.type.slice(target.type.indexOf('/') + 1);
  return refuse(
    404,
    'ParentResourceNotFound',
    `Failed to perform 'write' on resource(s) of type '${shortType}', because the parent resource '${parent}' could not be found.`,
  );
}

function notFound(target: ResourceId, state: CloudState) {
  if (target.group && !groupExists(target, state)) return groupNotFound(target);
  if (same(target.type, roleAssignment.type))
    return refuse(404, 'RoleAssignmentNotFound', `The role assignment '${target.names[0]}' is not found.`);
  return refuse(
    404,
    'ResourceNotFound',
    `The Resource '${target.type}/${target.names.join('/')}' under resource group '${target.group ?? '<null>'}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );
}

function unknownType(type: string) {
  const [namespace = '', ...levels] = type.split('/');
  return refuse(
    404,
    'InvalidResourceType',
    `The resource type '${levels.join('/')}' could not be found in the namespace '${namespace}'. The sandbox supports ${resourceTypes.map((kind) => kind.type).join(', ')}.`,
  );
}
