/** The plan as a script that uses the AWS CLI. It can be run repeatedly: it updates existing resources. */
import { option, reportScript, shellCommand, shellWord } from '../encode/index.ts';
import { type Plan, type RolePlan, roleNameOf } from './plan.ts';
import { providerName, trustPolicy } from './trust.ts';

export const iam = (...words: readonly string[]) => ['aws', 'iam', ...words];
export const print = (text: string): string => shellCommand(['printf', '%s\\n', text]);
const quiet = '>/dev/null';

/** Placeholder of the provider's ARN, which the script reads from the account. Its first occurrence in a policy is ours. */
const providerMark = '@';
const withProvider = (text: string): string => {
  const index = text.indexOf(providerMark);
  return `${shellWord(text.slice(0, index))}$provider${shellWord(text.slice(index + 1))}`;
};

export function awsScript(plan: Plan): string {
  const { callback } = plan;
  const parts = [
    header(plan),
    provider(plan),
    ...plan.roles.map((role) =>
      [...roleSteps(role, plan), ...permissions(role, plan), ...printRoleArn(role)].join('\n'),
    ),
    ...(callback ? [reportRoleArn(callback)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** The start of the script: reads the account, the partition and the provider's ARN. */
export const header = (plan: Plan): string =>
  [
    '#!/bin/sh',
    '# Needs the AWS CLI, signed in to the account with permission to administer IAM.',
    'set -eu',
    'export AWS_PAGER=',
    `who=$(${shellCommand(['aws', 'sts', 'get-caller-identity', '--output=text', '--query=join(`:`,[Account,Arn])'])})`,
    'account=${who%%:*}',
    'partition=${who#*:arn:}',
    'partition=${partition%%:*}',
    `provider=arn:$partition:iam::$account:oidc-provider/${shellWord(providerName(plan.issuer))}`,
  ].join('\n');

const tagOptions = ({ tags }: Plan): readonly string[] => {
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  return list.length > 0 ? [option('tags', JSON.stringify(list))] : [];
};

const boundaryOptions = ({ boundary }: Plan): readonly string[] =>
  boundary === undefined ? [] : [option('permissions-boundary', boundary)];

export function provider(plan: Plan): string {
  const arnOption = '--open-id-connect-provider-arn="$provider"';
  const create = iam(
    'create-open-id-connect-provider',
    option('url', plan.issuer),
    option('client-id-list', plan.audience),
    ...tagOptions(plan),
  );
  const createOrFail = plan.provider.mayCreate
    ? [`  ${print('Create the OIDC provider')}`, `${shellCommand(create, '  ')} ${quiet}`]
    : [
        `  ${print('The account has no OIDC provider for this issuer. Nothing was changed.')} >&2`,
        '  exit 1',
      ];
  const add = iam('add-client-id-to-open-id-connect-provider', option('client-id', plan.audience));
  return [
    `if ! ${shellCommand(iam('get-open-id-connect-provider'))} ${arnOption} ${quiet} 2>&1; then`,
    ...createOrFail,
    'else',
    `  ${print('The OIDC provider exists; make sure that it lists the audience')}`,
    `${shellCommand(add, '  ')} ${arnOption}`,
    'fi',
  ].join('\n');
}

/** A query that counts the statements that are not for this connection alone; any other count than 0 means a customized role. */
function othersQuery({ target, facts }: RolePlan): string {
  const { Effect, Principal, Condition } = trustPolicy(target, facts, providerMark).Statement[0]!;
  // A backtick ends a JMESPath literal.
  const ours = Object.entries({ Effect, Principal, Condition }).map(
    ([name, value]) => `${name}==\`${JSON.stringify(value).replaceAll('`', '\\`')}\``,
  );
  // IAM accepts a single statement instead of a list.
  return `[Role.AssumeRolePolicyDocument.Statement][]|length([?!(${ours.join(' && ')})])`;
}

/** Creates or updates the role. A role of that name that also trusts others is left unchanged. */
function roleSteps(role: RolePlan, plan: Plan): string[] {
  const name = roleNameOf(role);
  const named = option('role-name', name);
  const trust = JSON.stringify(trustPolicy(role.target, role.facts, providerMark));
  const settings = [option('description', role.description), option('max-session-duration', role.maxSession)];
  const command = (...words: readonly string[]) => shellCommand(iam(...words), '    ');
  const create = command(
    'create-role',
    named,
    option('path', role.path),
    ...settings,
    ...boundaryOptions(plan),
    ...tagOptions(plan),
  );
  const read = `${shellCommand(iam('get-role', named, '--output=text'))} --query=${withProvider(othersQuery(role))}`;
  return [
    `trust=${withProvider(trust)}`,
    `others=$(${read} 2>/dev/null || true)`,
    'case "$others" in',
    "  '')",
    `    ${print(`Create the role ${name}`)}`,
    `${create} --assume-role-policy-document="$trust" ${quiet}`,
    '    ;;',
    '  0)',
    `    ${print(`Update the role ${name}`)}`,
    `${command('update-assume-role-policy', named)} --policy-document="$trust"`,
    command('update-role', named, ...settings),
    ...boundaryOptions(plan).map((boundary) => command('put-role-permissions-boundary', named, boundary)),
    ...tagOptions(plan).map((tags) => command('tag-role', named, tags)),
    '    ;;',
    '  *)',
    `    ${print(`The role ${name} exists and trusts others or has other conditions. It was not changed.`)} >&2`,
    `    ${print(keepRoleHint(role))} >&2`,
    '    exit 1',
    '    ;;',
    'esac',
  ];
}

const keepRoleHint = ({ target, facts }: RolePlan): string =>
  target.role_arn === undefined
    ? `To keep it, save its ARN as role_arn of ${facts.connection.id}, then use keep-role.sh, which adds a statement to its trust policy.`
    : `To keep it, use keep-role.sh of ${facts.connection.id}, which adds a statement to its trust policy.`;

export function permissions(role: RolePlan, plan: Plan): string[] {
  const named = option('role-name', roleNameOf(role));
  return [
    ...plan.managedPolicyArns.map((arn) =>
      shellCommand(iam('attach-role-policy', named, option('policy-arn', arn))),
    ),
    ...plan.policies.map(({ name, document }) =>
      shellCommand(
        iam(
          'put-role-policy',
          named,
          option('policy-name', name),
          option('policy-document', JSON.stringify(document)),
        ),
      ),
    ),
  ];
}

function printRoleArn(role: RolePlan): string[] {
  const variable = `role${role.suffix}`;
  const arn = iam('get-role', option('role-name', roleNameOf(role)), '--output=text', '--query=Role.Arn');
  return [
    `${variable}=$(${shellCommand(arn)})`,
    `printf '%s %s\\n' ${shellWord(`role_arn of ${role.facts.connection.id}:`)} "$${variable}"`,
  ];
}

/** Reports the ARN in `$role`, escaped because its path may contain quotes. */
export const reportRoleArn = (callback: string): string =>
  [
    `BODY=$(printf '%s' "$role" | sed 's/[\\\\"]/\\\\&/g')`,
    'BODY="{\\"role_arn\\":\\"$BODY\\"}"',
    `REPORT_TO=${shellWord(callback)}`,
    reportScript,
  ].join('\n');
