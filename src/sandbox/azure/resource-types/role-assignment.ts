/** Microsoft.Authorization/roleAssignments: permissions of an identity. */

import type { Resource } from '../directory.ts';
import { type ResourceId, same } from '../resource-id.ts';
import { type Outcome, ok, refuse } from '../responses.ts';
import { roleExists, roleIdOf } from '../roles.ts';
import { isObject, type JsonObject, stringOf, text } from '../template/json.ts';
import { identityByPrincipalId } from './identity.ts';
import type { CloudState, ResourceType } from './resource-type.ts';

const type = 'Microsoft.Authorization/roleAssignments';
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const roleAssignment: ResourceType = {
  type,
  create(target: ResourceId, body: JsonObject, state: CloudState): Outcome<Resource> {
    const [name = ''] = target.names;
    const input = isObject(body.properties) ? body.properties : {};
    const principalId = text(input.principalId) ?? '';
    const roleDefinitionId = text(input.roleDefinitionId) ?? '';
    const principalType = text(input.principalType);
    if (!guid.test(name))
      return refuse(
        400,
        'InvalidRoleAssignmentId',
        `The role assignment ID '${name}' is not valid. The role assignment ID must be a GUID.`,
      );
    if (!guid.test(principalId))
      return refuse(400, 'InvalidPrincipalId', `A valid principal ID must be provided for role assignment.`);
    const roleId = roleIdOf(roleDefinitionId);
    if (!roleExists(roleId))
      return refuse(
        400,
        'RoleDefinitionDoesNotExist',
        `The specified role definition with ID '${roleId.replaceAll('-', '')}' does not exist.`,
      );
    if (
      principalType !== undefined &&
      !['ServicePrincipal', 'User', 'Group', 'ForeignGroup', 'Device'].includes(principalType)
    )
      return refuse(400, 'BadRequestFormat', `The principal type '${principalType}' is not valid.`);
    const missing = principalMissing(principalId, principalType, target, state);
    if (missing) return missing;
    const conflict = conflictOf(target, principalId, roleId, state);
    if (conflict) return conflict;
    return ok({
      id: target.id,
      name,
      type,
      properties: {
        roleDefinitionId,
        principalId,
        principalType: principalType ?? 'ServicePrincipal',
        scope: target.scope,
      },
      changedAt: state.directory.get(target.id)?.changedAt ?? state.now(),
    });
  },
};

/** An explicit principalType skips the lookup in the directory, which lags behind a new identity. */
function principalMissing(
  principalId: string,
  principalType: string | undefined,
  target: ResourceId,
  state: CloudState,
) {
  if (principalType !== undefined) return undefined;
  const { directory, now, propagationSeconds } = state;
  const principal = identityByPrincipalId(directory, principalId);
  if (principal && principal.changedAt + propagationSeconds() * 1000 <= now()) return undefined;
  return refuse(
    400,
    'PrincipalNotFound',
    `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${directory.tenantOf(target.subscription) ?? ''}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
  );
}

function conflictOf(target: ResourceId, principalId: string, roleId: string, { directory }: CloudState) {
  const current = directory.get(target.id);
  if (
    current &&
    (current.properties.principalId !== principalId ||
      !same(roleIdOf(stringOf(current.properties.roleDefinitionId)), roleId))
  )
    return refuse(
      400,
      'RoleAssignmentUpdateNotPermitted',
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    );
  const duplicate = directory
    .ofType(type)
    .find(
      ({ id, properties }) =>
        !same(id, target.id) &&
        properties.principalId === principalId &&
        same(stringOf(properties.scope), target.scope) &&
        same(roleIdOf(stringOf(properties.roleDefinitionId)), roleId),
    );
  if (!duplicate) return undefined;
  return refuse(
    409,
    'RoleAssignmentExists',
    `The role assignment already exists. The ID of the conflicting role assignment is ${duplicate.name.replaceAll('-', '')}.`,
  );
}
