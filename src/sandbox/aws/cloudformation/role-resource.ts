/** AWS::IAM::Role, with the policies in its definition. */
import type { Account, Role } from '../accounts.ts';
import {
  attachPolicy,
  createRole,
  findRole,
  type NewRole,
  putInlinePolicy,
  setBoundary,
  updateTrust,
} from '../iam/roles.ts';
import {
  type CreateContext,
  type CreatedResource,
  differs,
  document,
  generatedName,
  invalid,
  type Json,
  list,
  objects,
  tagList,
  text,
} from './resource-type.ts';

export function createRoleResource(
  properties: Json,
  { runtime, account, ...context }: CreateContext,
): CreatedResource {
  const name = text(properties, 'RoleName') ?? generatedName(context);
  const role = createRole(account, fieldsOf(name, properties), runtime.now());
  const remove = () => void account.roles.delete(name.toLowerCase());
  try {
    setPolicies(account, role, properties);
  } catch (error) {
    remove();
    throw error;
  }
  const attributes = { Arn: role.arn, RoleId: role.id };
  return {
    physicalId: name,
    attributes,
    remove,
    update: (changed, old) => {
      if (differs(changed, old, 'RoleName', 'Path')) return undefined;
      updateRole(account, name, changed, old, runtime.now());
      return attributes;
    },
  };
}

function fieldsOf(name: string, properties: Json): NewRole {
  const maxSessionDuration = Number(text(properties, 'MaxSessionDuration') ?? 3600);
  if (!(maxSessionDuration >= 3600 && maxSessionDuration <= 43_200))
    throw invalid('MaxSessionDuration', 'out of range');
  return {
    name,
    path: text(properties, 'Path') ?? '/',
    trustPolicy: document(properties, 'AssumeRolePolicyDocument'),
    description: text(properties, 'Description'),
    maxSessionDuration,
    permissionsBoundary: text(properties, 'PermissionsBoundary'),
    tags: tagList(properties),
  };
}

function updateRole(account: Account, name: string, properties: Json, old: Json, now: number): void {
  const role = findRole(account, name);
  const { trustPolicy, description, maxSessionDuration, permissionsBoundary, tags } = fieldsOf(
    name,
    properties,
  );
  updateTrust(account, role, trustPolicy, now);
  if (permissionsBoundary === undefined) role.permissionsBoundary = undefined;
  else setBoundary(account, role, permissionsBoundary);
  Object.assign(role, { description, maxSessionDuration, tags });
  setPolicies(account, role, properties, old);
}

function setPolicies(account: Account, role: Role, properties: Json, old: Json = {}): void {
  for (const policy of objects(properties, 'Policies'))
    putInlinePolicy(role, nameOf(policy), document(policy, 'PolicyDocument'));
  const names = objects(properties, 'Policies').map(nameOf);
  for (const name of objects(old, 'Policies').map(nameOf))
    if (!names.includes(name)) role.inlinePolicies.delete(name);
  const arns = list(properties, 'ManagedPolicyArns');
  for (const arn of arns) attachPolicy(account, role, arn);
  for (const arn of list(old, 'ManagedPolicyArns'))
    if (!arns.includes(arn)) role.attachedPolicies.delete(arn);
}

const nameOf = (policy: Json): string => text(policy, 'PolicyName') ?? '';
