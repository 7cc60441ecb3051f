/**
 * The resource types that our templates and similar ones use:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
 */
import type { Account } from '../accounts.ts';
import { alreadyExists, validationError } from '../fault.ts';
import {
  addClientId,
  createProvider,
  deleteProvider,
  findProvider,
  removeClientId,
  updateThumbprints,
} from '../iam/providers.ts';
import { attachPolicy, findRole, putInlinePolicy } from '../iam/roles.ts';
import { checkIdentityPolicy } from '../policy/identity.ts';
import { customResource, isCustom, lambdaFunction } from './custom-resource.ts';
import {
  type CreateContext,
  type CreatedResource,
  differs,
  document,
  generatedName,
  invalid,
  type Json,
  list,
  type ResourceType,
  tagList,
  text,
} from './resource-type.ts';
import { createRoleResource } from './role-resource.ts';

const resourceTypes = new Map<string, ResourceType>([
  [
    'AWS::IAM::OIDCProvider',
    {
      properties: ['Url', 'ClientIdList', 'ThumbprintList', 'Tags'],
      required: [],
      requiredCapability: () => undefined,
      async create(properties, { runtime, account }) {
        const { arn } = await createProvider(runtime, account, {
          url: text(properties, 'Url') ?? '',
          clientIds: list(properties, 'ClientIdList'),
          thumbprints: list(properties, 'ThumbprintList'),
          tags: tagList(properties),
        });
        return {
          physicalId: arn,
          attributes: { Arn: arn },
          remove: () => deleteProvider(account, arn),
          update: (changed, old) => updateProvider(account, arn, changed, old, runtime.now()),
        };
      },
    },
  ],
  [
    'AWS::IAM::Role',
    {
      properties: [
        'AssumeRolePolicyDocument',
        'RoleName',
        'Path',
        'Description',
        'MaxSessionDuration',
        'ManagedPolicyArns',
        'Policies',
        'PermissionsBoundary',
        'Tags',
      ],
      required: ['AssumeRolePolicyDocument'],
      requiredCapability: named('RoleName'),
      create: createRoleResource,
    },
  ],
  [
    'AWS::IAM::ManagedPolicy',
    {
      properties: ['PolicyDocument', 'ManagedPolicyName', 'Description', 'Path', 'Roles', 'Users', 'Groups'],
      required: ['PolicyDocument'],
      requiredCapability: named('ManagedPolicyName'),
      create: createManagedPolicy,
    },
  ],
  [
    'AWS::IAM::Policy',
    {
      properties: ['PolicyName', 'PolicyDocument', 'Roles', 'Users', 'Groups'],
      required: ['PolicyName', 'PolicyDocument'],
      requiredCapability: () => 'CAPABILITY_IAM',
      create: createInlinePolicy,
    },
  ],
  ['AWS::Lambda::Function', lambdaFunction],
]);

/** Undefined for a type that the sandbox does not support. */
export const resourceTypeOf = (type: string): ResourceType | undefined =>
  isCustom(type) ? customResource : resourceTypes.get(type);

function named(property: string): ResourceType['requiredCapability'] {
  return (properties) => (property in properties ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM');
}

function updateProvider(account: Account, arn: string, properties: Json, old: Json, now: number) {
  if (differs(properties, old, 'Url')) return undefined;
  // In 2025, an update without the list that a creation may omit still failed so (coverage-roadmap#2092).
  if (properties.ThumbprintList === undefined)
    throw validationError(
      "1 validation error detected: Value null at 'thumbprintList' failed to satisfy constraint: Member must not be null",
    );
  const provider = findProvider(account, arn);
  const clientIds = list(properties, 'ClientIdList');
  updateThumbprints(provider, list(properties, 'ThumbprintList'));
  for (const id of clientIds) addClientId(provider, id, now);
  for (const id of provider.clientIds.filter((known) => !clientIds.includes(known)))
    removeClientId(provider, id, now);
  provider.tags = tagList(properties);
  return { Arn: arn };
}

function createManagedPolicy(properties: Json, { account, ...context }: CreateContext): CreatedResource {
  const name = text(properties, 'ManagedPolicyName') ?? generatedName(context);
  const arn = `arn:${account.partition}:iam::${account.id}:policy${text(properties, 'Path') ?? '/'}${name}`;
  const policy = document(properties, 'PolicyDocument');
  checkIdentityPolicy(policy);
  if (account.policies.has(arn))
    throw alreadyExists(`A policy called ${name} already exists. Duplicate names are not allowed.`);
  const roles = list(properties, 'Roles').map((role) => findRole(account, role));
  account.policies.set(arn, policy);
  for (const role of roles) attachPolicy(account, role, arn);
  const remove = () => {
    for (const role of account.roles.values()) role.attachedPolicies.delete(arn);
    account.policies.delete(arn);
  };
  const update = (changed: Json, old: Json) => {
    if (differs(changed, old, 'ManagedPolicyName', 'Path', 'Description')) return undefined;
    const changedPolicy = document(changed, 'PolicyDocument');
    checkIdentityPolicy(changedPolicy);
    account.policies.set(arn, changedPolicy);
    const attached = list(changed, 'Roles').map((role) => findRole(account, role));
    for (const role of list(old, 'Roles'))
      account.roles.get(role.toLowerCase())?.attachedPolicies.delete(arn);
    for (const role of attached) attachPolicy(account, role, arn);
    return { PolicyArn: arn };
  };
  return { physicalId: arn, attributes: { PolicyArn: arn }, remove, update };
}

function createInlinePolicy(properties: Json, { account }: CreateContext): CreatedResource {
  const name = text(properties, 'PolicyName') ?? '';
  const policy = document(properties, 'PolicyDocument');
  const roles = list(properties, 'Roles').map((role) => findRole(account, role));
  for (const role of roles) putInlinePolicy(role, name, policy);
  const removeFrom = (names: readonly string[]) => {
    for (const role of names) account.roles.get(role.toLowerCase())?.inlinePolicies.delete(name);
  };
  let current = list(properties, 'Roles');
  const update = (changed: Json, old: Json) => {
    if (differs(changed, old, 'PolicyName')) return undefined;
    const changedRoles = list(changed, 'Roles').map((role) => findRole(account, role));
    for (const role of changedRoles) putInlinePolicy(role, name, document(changed, 'PolicyDocument'));
    removeFrom(current.filter((role) => !list(changed, 'Roles').includes(role)));
    current = list(changed, 'Roles');
    return {};
  };
  return { physicalId: name, attributes: {}, remove: () => removeFrom(current), update };
}

/** Throws the errors of the resource type's schema. */
export function checkProperties(type: string, properties: Json): void {
  const resourceType = resourceTypeOf(type);
  const extra =
    resourceType?.properties === 'any'
      ? undefined
      : Object.keys(properties).find((name) => !resourceType?.properties.includes(name));
  if (extra) throw invalid('', `extraneous key [${extra}] is not permitted`);
  const missing = resourceType?.required.find((name) => properties[name] === undefined);
  if (missing) throw invalid('', `required key [${missing}] not found`);
}
