/** The CloudFormation template: the roles, and an OIDC provider unless the account already has one for this issuer. */
import { caption } from '../encode/index.ts';
import { hintOf, iamText, type Plan, type RolePlan } from './plan.ts';
import { reportCondition, reportOutput, reportParameter, reportResources } from './report-function.ts';
import { providerName, trustPolicy } from './trust.ts';

const ref = (name: string) => ({ Ref: name });
const isNotEmpty = (value: unknown) => ({ 'Fn::Not': [{ 'Fn::Equals': [value, ''] }] });
const orNoValue = (condition: string, value: unknown) => ({
  'Fn::If': [condition, value, ref('AWS::NoValue')],
});

/** The ARN of an existing provider. */
export const existingProvider = (issuer: string) => ({
  'Fn::Sub': [
    `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/\${ProviderName}`,
    { ProviderName: providerName(issuer) },
  ],
});

/** `Ref` makes the roles wait for the new provider. */
export const providerArn = (issuer: string) => ({
  'Fn::If': ['CreatesProvider', ref('Provider'), existingProvider(issuer)],
});

/**
 * Without tags, so that no other set-up of the connection changes it: CloudFormation fails to update a provider without
 * ThumbprintList (aws-cloudformation/cloudformation-coverage-roadmap#2092), and with one, IAM would not look at the issuer.
 */
export const providerResource = (plan: Plan) => ({
  Type: 'AWS::IAM::OIDCProvider',
  // Other connections of the account may trust through it. A rollback must not delete one that existed before either.
  DeletionPolicy: 'Retain',
  UpdateReplacePolicy: 'Retain',
  Properties: { Url: plan.issuer, ClientIdList: [plan.audience] },
});

/** Each connection needs its own template: the condition keys contain the issuer, and a template cannot compute keys. */
export function cloudFormation(plan: Plan) {
  const { issuer, roles, callback } = plan;
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: descriptionOf(roles),
    Parameters: { ...parameters(plan), ...(callback ? reportParameter : {}) },
    Conditions: {
      CreatesProvider: { 'Fn::Equals': [ref('CreateProvider'), 'true'] },
      ...Object.fromEntries(
        roles.map(({ suffix }) => [`HasRoleName${suffix}`, isNotEmpty(ref(`RoleName${suffix}`))]),
      ),
      HasPolicies: isNotEmpty({ 'Fn::Join': ['', ref('ManagedPolicyArns')] }),
      HasBoundary: isNotEmpty(ref('PermissionsBoundary')),
      ...(callback ? reportCondition : {}),
    },
    Resources: {
      Provider: { ...providerResource(plan), Condition: 'CreatesProvider' },
      ...Object.fromEntries(roles.map((role) => [`Role${role.suffix}`, roleResource(role, plan)])),
      ...(callback ? reportResources(callback, commonOf(plan)) : {}),
    },
    Outputs: {
      ...Object.fromEntries(
        roles.map(({ suffix, facts }) => [
          `RoleArn${suffix}`,
          {
            Description:
              roles.length === 1
                ? 'Save this as role_arn of the connection.'
                : `Save this as role_arn of connection ${facts.connection.id}.`,
            Value: { 'Fn::GetAtt': [`Role${suffix}`, 'Arn'] },
          },
        ]),
      ),
      ProviderArn: {
        Description: 'The OIDC provider that the role trusts.',
        Value: providerArn(issuer),
      },
      ...(callback ? reportOutput : {}),
    },
  };
}

function descriptionOf(roles: readonly RolePlan[]): string {
  const [first] = roles;
  if (!first) return '';
  const { vendor, connection } = first.facts;
  const others = roles.slice(1).map(({ facts }) => facts.connection.id);
  const through =
    others.length === 0
      ? `connection ${connection.id} (${connection.name})`
      : `connections ${[connection.id, ...others].join(', ')}`;
  return iamText(`Lets ${caption(vendor, 200)} access this account without a key, through ${through}.`);
}

const roleResource = (role: RolePlan, plan: Plan) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName: orNoValue(`HasRoleName${role.suffix}`, ref(`RoleName${role.suffix}`)),
    ...(role.path === '/' ? {} : { Path: role.path }),
    Description: role.description,
    AssumeRolePolicyDocument: trustPolicy(role.target, role.facts, providerArn(plan.issuer)),
    ManagedPolicyArns: orNoValue('HasPolicies', ref('ManagedPolicyArns')),
    MaxSessionDuration: ref('MaxSessionDuration'),
    ...(plan.policies.length > 0 ? { Policies: policiesOf(plan) } : {}),
    ...commonOf(plan),
  },
});

export const policiesOf = ({ policies }: Plan) =>
  policies.map(({ name, document }) => ({ PolicyName: name, PolicyDocument: document }));

const commonOf = (plan: Plan) => ({
  PermissionsBoundary: orNoValue('HasBoundary', ref('PermissionsBoundary')),
  ...tagsOf(plan),
});

export function tagsOf({ tags }: Plan) {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return list.length > 0 ? { Tags: list } : {};
}

const parameters = ({ roles, provider, managedPolicyArns, boundary }: Plan) => ({
  CreateProvider: {
    Type: 'String',
    AllowedValues: ['true', 'false'],
    Default: String(provider.create),
    Description: `An account has one OIDC provider per issuer. Choose false if it exists already; it must list the audience. Deleting the stack keeps the provider, which other connections may use.${hintOf(provider)}`,
  },
  ...Object.fromEntries(
    roles.map(({ suffix, name = '', facts }) => [
      `RoleName${suffix}`,
      {
        Type: 'String',
        Default: name,
        AllowedPattern: '^[\\w+=,.@-]{0,64}$',
        Description: `${roles.length === 1 ? '' : `Of connection ${facts.connection.id}. `}Leave empty to generate a name.`,
      },
    ]),
  ),
  ManagedPolicyArns: {
    Type: 'CommaDelimitedList',
    Default: managedPolicyArns.join(','),
    Description:
      'What the role may do: ARNs of managed policies. If empty, the role has only the permissions in this template, or none except sts:GetCallerIdentity.',
  },
  PermissionsBoundary: {
    Type: 'String',
    Default: boundary ?? '',
    AllowedPattern: '^(arn:[^:]+:iam::([0-9]{12}|aws):policy/.+)?$',
    Description: 'ARN of a policy that limits what the role may do. May be empty.',
  },
  MaxSessionDuration: {
    Type: 'Number',
    Default: Math.max(...roles.map(({ maxSession }) => maxSession)),
    MinValue: 3600,
    MaxValue: 43200,
    Description: 'The maximum session duration in seconds; at least duration_seconds of the connection.',
  },
});
