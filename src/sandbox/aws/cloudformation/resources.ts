/**
 * The resource types that our templates and similar ones use:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html
 */
import { uniqueId } from '../accounts.ts';
import { alreadyExists } from '../fault.ts';
import { createProvider, deleteProvider } from '../iam/providers.ts';
import { attachPolicy, createRole, findRole, putInlinePolicy } from '../iam/roles.ts';
import { checkIdentityPolicy } from '../policy/identity.ts';
import type { Tag } from '../query.ts';
import { customResource, isCustom, lambdaFunction } from './custom-resource.ts';
import {
  type CreateContext,
  type CreatedResource,
  document,
  invalid,
  type Json,
  list,
  objects,
  type ResourceType,
  text,
} from './resource-type.ts';

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
        return { physicalId: arn, attributes: { Arn: arn }, remove: () => deleteProvider(account, arn) };
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

function createRoleResource(
  properties: Json,
  { runtime, account, ...context }: CreateContext,
): CreatedResource {
  const name = text(properties, 'RoleName') ?? generatedName(context);
  const sessionSeconds = Number(text(properties, 'MaxSessionDuration') ?? 3600);
  if (!(sessionSeconds >= 3600 && sessionSeconds <= 43_200))
    throw invalid('MaxSessionDuration', 'out of range');
  const role = createRole(
    account,
    {
      name,
      path: text(properties, 'Path') ?? '/',
      trustPolicy: document(properties, 'AssumeRolePolicyDocument'),
      description: text(properties, 'Description'),
      maxSessionDuration: sessionSeconds,
      permissionsBoundary: text(properties, 'PermissionsBoundary'),
      tags: tagList(properties),
    },
    runtime.now(),
  );
  const remove = () => void account.roles.delete(name.toLowerCase());
  try {
    for (const policy of objects(properties, 'Policies'))
      putInlinePolicy(role, text(policy, 'PolicyName') ?? '', document(policy, 'PolicyDocument'));
    for (const arn of list(properties, 'ManagedPolicyArns')) attachPolicy(account, role, arn);
  } catch (error) {
    remove();
    throw error;
  }
  return { physicalId: name, attributes: { Arn: role.arn, RoleId: role.id }, remove };
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
  return { physicalId: arn, attributes: { PolicyArn: arn }, remove };
}

function createInlinePolicy(properties: Json, { account }: CreateContext): CreatedResource {
  const name = text(properties, 'PolicyName') ?? '';
  const policy = document(properties, 'PolicyDocument');
  const roles = list(properties, 'Roles').map((role) => findRole(account, role));
  for (const role of roles) putInlinePolicy(role, name, policy);
  const remove = () => {
    for (const role of roles) role.inlinePolicies.delete(name);
  };
  return { physicalId: name, attributes: {}, remove };
}

/** CloudFormation's generated name, truncated to IAM's limit. */
function generatedName({ stackName, logicalId }: Pick<CreateContext, 'stackName' | 'logicalId'>): string {
  return `${`${stackName}-${logicalId}`.slice(0, 51)}-${uniqueId('', 12)}`;
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

const tagList = (properties: Json): Tag[] =>
  objects(properties, 'Tags').map((tag) => ({
    Key: text(tag, 'Key') ?? '',
    Value: text(tag, 'Value') ?? '',
  }));
