/**
 * One template for the accounts of an organization. Each account is a connection with its own role and subject: with a shared
 * subject, a client that may use one account could use all of them.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import { option, shellCommand, shellWord } from '../encode/index.ts';
import { stackName } from './names.ts';
import { partitionFor } from './partitions.ts';
import { accountOf, iamText, type Plan, type RolePlan } from './plan.ts';
import { policiesOf, providerArn, providerResource, tagsOf } from './template.ts';
import { providerName, trustPolicy } from './trust.ts';

const ref = (name: string) => ({ Ref: name });
const accountValue = (key: string) => ({ 'Fn::FindInMap': ['Accounts', ref('AWS::AccountId'), key] });

/**
 * True if each role is in a different account, so that a single stack cannot create them.
 * @throws {SojournError} `invalid_request` if only some roles share an account.
 */
export function spansAccounts({ roles }: Plan): boolean {
  const accounts = new Set(roles.map(accountOf));
  if (accounts.size === 1) return false;
  const partitions = new Set(roles.map(({ target }) => partitionFor(target)));
  const paths = new Set(roles.map(({ path }) => path));
  if (accounts.size === roles.length && !accounts.has(undefined) && partitions.size + paths.size === 2)
    return true;
  throw invalidRequest([
    {
      path: 'additional_connections',
      message:
        'must name connections whose roles are all in one account, or each in a different account of one partition, with one path and a role_arn',
    },
  ]);
}

export function stackSetTemplate(plan: Plan) {
  const { issuer, audience, roles, managedPolicyArns, boundary } = plan;
  const first = roles[0] as RolePlan;
  const trust = trustPolicy(first.target, first.facts, providerArn(issuer));
  const [statement] = trust.Statement;
  const name = providerName(issuer);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: iamText(
      `Lets ${first.facts.vendor} access the accounts listed here without a key, each through its own role and subject.`,
    ),
    Mappings: {
      Accounts: Object.fromEntries(
        roles.map((role) => [
          accountOf(role) ?? '',
          {
            Subject: role.facts.subject,
            RoleName: role.name ?? '',
            Description: role.description,
            CreateProvider: String(role.createsProvider),
            Actions: trustPolicy(role.target, role.facts, '').Statement[0]?.Action ?? [],
          },
        ]),
      ),
    },
    Conditions: { CreatesProvider: { 'Fn::Equals': [accountValue('CreateProvider'), 'true'] } },
    Resources: {
      Provider: { ...providerResource(plan), Condition: 'CreatesProvider' },
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: accountValue('RoleName'),
          Description: accountValue('Description'),
          ...(first.path === '/' ? {} : { Path: first.path }),
          AssumeRolePolicyDocument: {
            ...trust,
            Statement: [
              {
                ...statement,
                Action: accountValue('Actions'),
                Condition: {
                  StringEquals: { [`${name}:aud`]: audience, [`${name}:sub`]: accountValue('Subject') },
                },
              },
            ],
          },
          MaxSessionDuration: Math.max(...roles.map(({ maxSession }) => maxSession)),
          ...(managedPolicyArns.length > 0 ? { ManagedPolicyArns: managedPolicyArns } : {}),
          ...(plan.policies.length > 0 ? { Policies: policiesOf(plan) } : {}),
          ...(boundary === undefined ? {} : { PermissionsBoundary: boundary }),
          ...tagsOf(plan),
        },
      },
    },
    Outputs: { RoleArn: { Value: { 'Fn::GetAtt': ['Role', 'Arn'] } } },
  };
}

/**
 * IAM is global, so each account gets its stack in one region. Only accounts in the mapping of the template get one, because
 * it fails in any other account.
 */
export function stackSetScript(plan: Plan, region: string): string {
  const accounts = plan.roles.map(accountOf).join(',');
  const name = stackName(plan.roles[0]?.facts.connection.id ?? '');
  const command = (verb: string, ...words: readonly string[]) =>
    shellCommand([
      'aws',
      'cloudformation',
      verb,
      option('stack-set-name', name),
      option('region', region),
      '--output=text',
      ...words,
    ]);
  const create = command(
    'create-stack-set',
    '--permission-model=SERVICE_MANAGED',
    '--auto-deployment=Enabled=false',
    '--capabilities=CAPABILITY_NAMED_IAM',
  );
  return `#!/bin/sh
# Creates the stack set and its stacks: sh stackset.sh ORGANIZATIONAL_UNIT
# Needs the AWS command line, signed in to the management account of the organization, and stackset.json in the same directory.
set -eu
export AWS_PAGER=
unit=\${1:?"the id of the organizational unit, or of the root, that contains the accounts"}
template=$(dirname -- "$0")/stackset.json

${create} --template-body="file://$template"

${command('create-stack-instances', option('regions', region))} \\
  --deployment-targets="OrganizationalUnitIds=$unit,AccountFilterType=INTERSECTION,Accounts="${shellWord(accounts)}
`;
}
