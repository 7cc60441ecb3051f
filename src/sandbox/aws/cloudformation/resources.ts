/** The resource types that our templates and their likes use: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_IAM.html */
import { uniqueId } from '../accounts.ts';
import { alreadyExists } from '../fault.ts';
import { createProvider, deleteProvider } from '../iam/providers.ts';
import { attachPolicy, createRole, findRole, putInlinePolicy } from '../iam/roles.ts';
import { checkIdentityPolicy } from '../policy/document.ts';
import type { Tag } from '../query.ts';
import { customResource, isCustom, lambdaFunction } from './custom-resource.ts';
import {
  document,
  invalid,
  type Json,
  type Kind,
  list,
  type Made,
  type Making,
  objects,
  text,
} from './kind.ts';

const kinds = new Map<string, Kind>([
  [
    'AWS::IAM::OIDCProvider',
    {
      properties: ['Url', 'ClientIdList', 'ThumbprintList', 'Tags'],
      required: [],
      consent: () => undefined,
      async make(properties, { world, account }) {
        const { arn } = await createProvider(world, account, {
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
      consent: named('RoleName'),
      make: makeRole,
    },
  ],
  [
    'AWS::IAM::ManagedPolicy',
    {
      properties: ['PolicyDocument', 'ManagedPolicyName', 'Description', 'Path', 'Roles', 'Users', 'Groups'],
      required: ['PolicyDocument'],
      consent: named('ManagedPolicyName'),
      make: makeManagedPolicy,
    },
  ],
  [
    'AWS::IAM::Policy',
    {
      properties: ['PolicyName', 'PolicyDocument', 'Roles', 'Users', 'Groups'],
      required: ['PolicyName', 'PolicyDocument'],
      consent: () => 'CAPABILITY_IAM',
      make: makeInlinePolicy,
    },
  ],
  ['AWS::Lambda::Function', lambdaFunction],
]);

/** Undefined for a type that the sandbox does not know. */
export const kindOf = (type: string): Kind | undefined => (isCustom(type) ? customResource : kinds.get(type));

function named(property: string): Kind['consent'] {
  return (properties) => (property in properties ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM');
}

function makeRole(properties: Json, { world, account, ...making }: Making): Made {
  const name = text(properties, 'RoleName') ?? generatedName(making);
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
    world.now(),
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

function makeManagedPolicy(properties: Json, { account, ...making }: Making): Made {
  const name = text(properties, 'ManagedPolicyName') ?? generatedName(making);
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

function makeInlinePolicy(properties: Json, { account }: Making): Made {
  const name = text(properties, 'PolicyName') ?? '';
  const policy = document(properties, 'PolicyDocument');
  const roles = list(properties, 'Roles').map((role) => findRole(account, role));
  for (const role of roles) putInlinePolicy(role, name, policy);
  const remove = () => {
    for (const role of roles) role.inlinePolicies.delete(name);
  };
  return { physicalId: name, attributes: {}, remove };
}

/** CloudFormation's own naming, cut to what IAM takes. */
function generatedName({ stackName, logicalId }: Pick<Making, 'stackName' | 'logicalId'>): string {
  return `${`${stackName}-${logicalId}`.slice(0, 51)}-${uniqueId('', 12)}`;
}

/** Throws what the resource's own schema would say. */
export function checkProperties(type: string, properties: Json): void {
  const kind = kindOf(type);
  const extra =
    kind?.properties === 'any'
      ? undefined
      : Object.keys(properties).find((name) => !kind?.properties.includes(name));
  if (extra) throw invalid('', `extraneous key [${extra}] is not permitted`);
  const missing = kind?.required.find((name) => properties[name] === undefined);
  if (missing) throw invalid('', `required key [${missing}] not found`);
}

const tagList = (properties: Json): Tag[] =>
  objects(properties, 'Tags').map((tag) => ({
    Key: text(tag, 'Key') ?? '',
    Value: text(tag, 'Value') ?? '',
  }));
