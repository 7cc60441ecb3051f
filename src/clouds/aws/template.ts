/** The CloudFormation template: an OIDC provider, where the account has none for this issuer yet, and a role. */
import type { SetupFacts } from '../contract.ts';
import { caption } from '../encode/index.ts';
import type { AwsTarget } from './target.ts';
import { providerName, trustPolicy } from './trust.ts';

const ref = (name: string) => ({ Ref: name });
const isGiven = (value: unknown) => ({ 'Fn::Not': [{ 'Fn::Equals': [value, ''] }] });
const whenGiven = (condition: string, value: unknown) => ({
  'Fn::If': [condition, value, ref('AWS::NoValue')],
});

/** `Ref` waits for the new provider; a provider that is there already is named by its ARN. */
const providerArn = (issuer: string) => ({
  'Fn::If': [
    'CreatesProvider',
    ref('Provider'),
    {
      'Fn::Sub': [
        `arn:\${AWS::Partition}:iam::\${AWS::AccountId}:oidc-provider/\${ProviderName}`,
        { ProviderName: providerName(issuer) },
      ],
    },
  ],
});

/**
 * The condition keys carry the issuer, and keys cannot be computed inside a template, so that each connection has a
 * template of its own.
 */
export function cloudFormation(target: AwsTarget, facts: SetupFacts) {
  const { connection, vendor, issuer, audience } = facts;
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: describe(
      `Lets ${caption(vendor, 200)} enter this account without a key, for connection ${connection.id} (${connection.name}).`,
    ),
    Parameters: parameters(target),
    Conditions: {
      CreatesProvider: { 'Fn::Equals': [ref('CreateProvider'), 'true'] },
      HasRoleName: isGiven(ref('RoleName')),
      HasPolicies: isGiven({ 'Fn::Join': ['', ref('ManagedPolicyArns')] }),
      HasBoundary: isGiven(ref('PermissionsBoundary')),
    },
    Resources: {
      Provider: {
        Type: 'AWS::IAM::OIDCProvider',
        Condition: 'CreatesProvider',
        Properties: { Url: issuer, ClientIdList: [audience] },
      },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: whenGiven('HasRoleName', ref('RoleName')),
          Description: describe(`Entered by ${caption(vendor, 200)} through connection ${connection.id}.`),
          AssumeRolePolicyDocument: trustPolicy(target, facts, providerArn(issuer)),
          ManagedPolicyArns: whenGiven('HasPolicies', ref('ManagedPolicyArns')),
          PermissionsBoundary: whenGiven('HasBoundary', ref('PermissionsBoundary')),
          MaxSessionDuration: ref('MaxSessionDuration'),
        },
      },
    },
    Outputs: {
      RoleArn: {
        Description: 'Save this as role_arn of the connection.',
        Value: { 'Fn::GetAtt': ['Role', 'Arn'] },
      },
      ProviderArn: {
        Description: 'The OIDC provider that the role trusts.',
        Value: providerArn(issuer),
      },
    },
  };
}

const parameters = ({ duration_seconds }: AwsTarget) => ({
  CreateProvider: {
    Type: 'String',
    AllowedValues: ['true', 'false'],
    Default: 'true',
    Description:
      'An account has one OIDC provider per issuer. Choose false when it is there already; it must list the audience. Deleting the stack deletes the provider that it created.',
  },
  RoleName: {
    Type: 'String',
    Default: '',
    AllowedPattern: '^[\\w+=,.@-]{0,64}$',
    Description: 'Leave empty to have a name generated.',
  },
  ManagedPolicyArns: {
    Type: 'CommaDelimitedList',
    Default: '',
    Description:
      'What the role may do: ARNs of managed policies. Empty grants nothing; the role can then show who it is and no more.',
  },
  PermissionsBoundary: {
    Type: 'String',
    Default: '',
    AllowedPattern: '^(arn:[^:]+:iam::([0-9]{12}|aws):policy/.+)?$',
    Description: 'ARN of a policy that the role can never exceed. May be empty.',
  },
  MaxSessionDuration: {
    Type: 'Number',
    Default: Math.max(3600, duration_seconds),
    MinValue: 3600,
    MaxValue: 43200,
    Description: 'The longest session in seconds; no less than duration_seconds of the connection.',
  },
});

/**
 * IAM takes Latin-1 only (API reference, CreateRole, Description). In `{{resolve:…}}` CloudFormation would put the value
 * of a secret into the text: two braces never stand together.
 */
const describe = (text: string): string =>
  caption(text, 1000)
    .replace(/[^\x20-\x7e\xa1-\xff]/gu, '?')
    .replace(/\{(?=\{)/g, '(');
