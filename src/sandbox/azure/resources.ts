/** Writing, reading and listing resources of the types that the sandbox has. */
import { made, type Outcome, refuse } from './answers.ts';
import type { Resource } from './directory.ts';
import { container } from './kinds/container.ts';
import { credential } from './kinds/credential.ts';
import { identity } from './kinds/identity.ts';
import type { Estate, Kind } from './kinds/kind.ts';
import { resourceGroup } from './kinds/resource-group.ts';
import { roleAssignment } from './kinds/role-assignment.ts';
import { storageAccount } from './kinds/storage-account.ts';
import { type ResourceId, same, within } from './resource-id.ts';
import type { JsonObject } from './template/json.ts';

const kinds: readonly Kind[] = [
  resourceGroup,
  identity,
  credential,
  roleAssignment,
  storageAccount,
  container,
];

export const kindOf = (type: string): Kind | undefined => kinds.find((kind) => same(kind.type, type));

/** Checks what the resource hangs on, then the resource itself, and stores it. */
export function write(target: ResourceId, body: JsonObject, estate: Estate): Outcome<Resource> {
  const kind = kindOf(target.type);
  if (!kind) return unknownType(target.type);
  const absent = absentOwner(target, kind, estate);
  if (absent) return absent;
  const outcome = kind.make(target, body, estate);
  if (outcome.ok) estate.directory.put(outcome.value);
  return outcome;
}

export function read(target: ResourceId, estate: Estate): Outcome<Resource> {
  if (!kindOf(target.type)) return unknownType(target.type);
  const found = estate.directory.get(target.id);
  return found ? made(found) : notFound(target, estate);
}

/** The resources of a collection, in the order of their making. */
export function list(target: ResourceId, estate: Estate): Outcome<readonly Resource[]> {
  if (!kindOf(target.type)) return unknownType(target.type);
  const parent = target.names.length > 0 ? target.id.slice(0, target.id.lastIndexOf('/')) : target.scope;
  if (target.group && !groupExists(target, estate)) return groupNotFound(target);
  return made(estate.directory.ofType(target.type).filter(({ id }) => within(id, parent)));
}

const groupPath = ({ subscription, group }: ResourceId) =>
  `/subscriptions/${subscription}/resourceGroups/${group}`;

const groupExists = (target: ResourceId, { directory }: Estate) =>
  directory.get(groupPath(target)) !== undefined;

const groupNotFound = ({ group }: ResourceId) =>
  refuse(404, 'ResourceGroupNotFound', `Resource group '${group}' could not be found.`);

function absentOwner(target: ResourceId, kind: Kind, estate: Estate) {
  if (kind === resourceGroup) return undefined;
  if (target.group && !groupExists(target, estate)) return groupNotFound(target);
  const parent = target.names.length > 1 ? target.id.split('/').slice(0, -2).join('/') : undefined;
  if (!parent || estate.directory.get(parent)) return undefined;
  const shortType = target.type.slice(target.type.indexOf('/') + 1);
  return refuse(
    404,
    'ParentResourceNotFound',
    `Failed to perform 'write' on resource(s) of type '${shortType}', because the parent resource '${parent}' could not be found.`,
  );
}

function notFound(target: ResourceId, estate: Estate) {
  if (target.group && !groupExists(target, estate)) return groupNotFound(target);
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
    `The resource type '${levels.join('/')}' could not be found in the namespace '${namespace}'. The sandbox has ${kinds.map((kind) => kind.type).join(', ')}.`,
  );
}
