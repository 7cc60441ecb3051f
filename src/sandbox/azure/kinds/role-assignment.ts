/** Microsoft.Authorization/roleAssignments: what an identity may do. */
import { made, type Outcome, refuse } from '../answers.ts';
import type { Resource } from '../directory.ts';
import { type ResourceId, same } from '../resource-id.ts';
import { roleExists, roleIdOf } from '../roles.ts';
import { isObject, type JsonObject, stringOf, text } from '../template/json.ts';
import { identityByPrincipalId } from './identity.ts';
import type { Estate, Kind } from './kind.ts';

const type = 'Microsoft.Authorization/roleAssignments';
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const roleAssignment: Kind = {
  type,
  make(target: ResourceId, body: JsonObject, estate: Estate): Outcome<Resource> {
    const [name = ''] = target.names;
    const given = isObject(body.properties) ? body.properties : {};
    const principalId = text(given.principalId) ?? '';
    const roleDefinitionId = text(given.roleDefinitionId) ?? '';
    const principalType = text(given.principalType);
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
    const missing = principalMissing(principalId, principalType, target, estate);
    if (missing) return missing;
    const conflict = conflictOf(target, principalId, roleId, estate);
    if (conflict) return conflict;
    return made({
      id: target.id,
      name,
      type,
      properties: {
        roleDefinitionId,
        principalId,
        principalType: principalType ?? 'ServicePrincipal',
        scope: target.scope,
      },
      changedAt: estate.directory.get(target.id)?.changedAt ?? estate.now(),
    });
  },
};

/** A named principalType skips the look into the directory, which lags behind a fresh identity. */
function principalMissing(
  principalId: string,
  principalType: string | undefined,
  target: ResourceId,
  estate: Estate,
) {
  if (principalType !== undefined) return undefined;
  const { directory, now, propagationSeconds } = estate;
  const principal = identityByPrincipalId(directory, principalId);
  if (principal && principal.changedAt + propagationSeconds() * 1000 <= now()) return undefined;
  return refuse(
    400,
    'PrincipalNotFound',
    `Principal ${principalId.replaceAll('-', '')} does not exist in the directory ${directory.tenantOf(target.subscription) ?? ''}. Check that you have the correct principal ID. If you are creating this principal and then immediately assigning a role, this error might be related to a replication delay. In this case, set the role assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See https://aka.ms/docs-principaltype`,
  );
}

function conflictOf(target: ResourceId, principalId: string, roleId: string, { directory }: Estate) {
  const before = directory.get(target.id);
  if (
    before &&
    (before.properties.principalId !== principalId ||
      !same(roleIdOf(stringOf(before.properties.roleDefinitionId)), roleId))
  )
    return refuse(
      400,
      'RoleAssignmentUpdateNotPermitted',
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
    );
  const twin = directory
    .ofType(type)
    .find(
      ({ id, properties }) =>
        !same(id, target.id) &&
        properties.principalId === principalId &&
        same(stringOf(properties.scope), target.scope) &&
        same(roleIdOf(stringOf(properties.roleDefinitionId)), roleId),
    );
  if (!twin) return undefined;
  return refuse(
    409,
    'RoleAssignmentExists',
    `The role assignment already exists. The ID of the conflicting role assignment is ${twin.name.replaceAll('-', '')}.`,
  );
}
