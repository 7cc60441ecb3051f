/**
 * One template for the accounts of an organisation. A role and a subject of its own for each account: a subject that many
 * accounts trusted would open all of them to whoever may use one, so that each account is a connection.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
import { option, shellCommand, shellWord } from '../encode/index.ts';
import { partitionFor } from './partitions.ts';
import { accountOf, iamText, type Plan, type RolePlan } from './plan.ts';
import { existingProvider, policiesOf, providerResource, tagsOf } from './template.ts';
import { providerName, trustPolicy } from './trust.ts';

const ref = (name: string) => ({ Ref: name });
const ofAccount = (fact: string) => ({ 'Fn::FindInMap': ['Accounts', ref('AWS::AccountId'), fact] });

/**
 * Whether the roles are in accounts of their own, and so no stack can make them. Throws `invalid_request` where some are and
 * some are not.
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
        'must name connections whose roles are in one account, or each in another one, of one partition and with one path, known by its role_arn',
    },
  ]);
}

export function stackSetTemplate(plan: Plan) {
  const { issuer, audience, createsProvider, roles, managedPolicyArns, boundary } = plan;
  const first = roles[0] as RolePlan;
  const trust = trustPolicy(
    first.target,
    first.facts,
    createsProvider ? ref('Provider') : existingProvider(issuer),
  );
  const [statement] = trust.Statement;
  const name = providerName(issuer);
  return {
    AWSTemplateFormatVersion: '2010-09-09',
    Description: iamText(
      `Lets ${first.facts.vendor} enter the accounts named here without a key, each by a role and a subject of its own.`,
    ),
    Mappings: {
      Accounts: Object.fromEntries(
        roles.map((role) => [
          accountOf(role) ?? '',
          {
            Subject: role.facts.subject,
            RoleName: role.name ?? '',
            Description: role.description,
            Actions: trustPolicy(role.target, role.facts, '').Statement[0]?.Action ?? [],
          },
        ]),
      ),
    },
    Resources: {
      ...(createsProvider ? { Provider: providerResource(plan) } : {}),
      Role: {
        Type: 'AWS::IAM::Role',
        Properties: {
          RoleName: ofAccount('RoleName'),
          Description: ofAccount('Description'),
          ...(first.path === '/' ? {} : { Path: first.path }),
          AssumeRolePolicyDocument: {
            ...trust,
            Statement: [
              {
                ...statement,
                Action: ofAccount('Actions'),
                Condition: {
                  StringEquals: { [`${name}:aud`]: audience, [`${name}:sub`]: ofAccount('Subject') },
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
 * IAM is one for all regions, so that each account gets its stack in one region; and only the accounts that the template
 * knows, since it means nothing in any other.
 */
export function stackSetScript(plan: Plan, region: string): string {
  const accounts = plan.roles.map(accountOf).join(',');
  const name = `sojourn-${plan.roles[0]?.facts.connection.id.replaceAll('_', '-')}`;
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
# Needs the AWS command line, signed in to the management account of the organisation, and stackset.json beside it.
set -eu
export AWS_PAGER=
unit=\${1:?"the id of the organizational unit, or of the root, in which the accounts are"}
template=$(dirname -- "$0")/stackset.json

${create} --template-body="file://$template"

${command('create-stack-instances', option('regions', region))} \\
  --deployment-targets="OrganizationalUnitIds=$unit,AccountFilterType=INTERSECTION,Accounts="${shellWord(accounts)}
`;
}
