/**
 * One template for the accounts of an organization. Each account is a connection with its own role and subject: with a shared
 * subject, a client that may use one account could use all of them.
 */
import { invalidRequest } from '../../platform/errors/index.ts';
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

/** CloudFormation quotas: a template in a request has 51,200 bytes, a mapping 200 keys. */
const maxBytes = 51_200;
const maxAccounts = 200;

export interface StackSet {
  /** Suffix of names: empty for the first set, then 2, 3 … */
  readonly suffix: string;
  readonly accounts: readonly string[];
  readonly template: string;
}

/**
 * As few sets as the quotas allow. Connections are in order of their ids, which grow with time, so that a new account does not
 * move others to another set.
 */
export function stackSets(plan: Plan): readonly StackSet[] {
  const [first, ...others] = plan.roles;
  if (!first) return [];
  const roles = [
    first,
    ...others.toSorted((a, b) => (a.facts.connection.id < b.facts.connection.id ? -1 : 1)),
  ];
  const sets: RolePlan[][] = [];
  for (const role of roles) {
    const last = sets.at(-1);
    if (last && last.length < maxAccounts && fits({ ...plan, roles: [...last, role] })) last.push(role);
    else sets.push([role]);
  }
  return sets.map((members, index) => ({
    suffix: index === 0 ? '' : String(index + 1),
    accounts: members.map((role) => accountOf(role) ?? ''),
    template: write({ ...plan, roles: members }),
  }));
}

const fits = (plan: Plan): boolean => Buffer.byteLength(write(plan)) <= maxBytes;

/** One line for each account. */
function write(plan: Plan): string {
  const { Mappings, ...template } = stackSetTemplate(plan);
  const lines = Object.entries(Mappings.Accounts).map(
    ([account, values]) => `      ${JSON.stringify(account)}: ${JSON.stringify(values)}`,
  );
  const rest = JSON.stringify(template, null, 2).replace(/^\{\n/, '');
  return `{\n  "Mappings": {\n    "Accounts": {\n${lines.join(',\n')}\n    }\n  },\n${rest}\n`;
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
