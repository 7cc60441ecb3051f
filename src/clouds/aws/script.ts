/** The plan as a script around the AWS command line. It may be run again: what is there already is brought up to date. */
import { option, reportScript, shellCommand, shellWord } from '../encode/index.ts';
import { type Plan, type RolePlan, roleNameOf } from './plan.ts';
import { providerName, trustPolicy } from './trust.ts';

export const iam = (...words: readonly string[]) => ['aws', 'iam', ...words];
export const say = (text: string): string => shellCommand(['printf', '%s\\n', text]);
const quiet = '>/dev/null';

/** Stands for the provider's ARN, which only the account tells. It comes before whatever else a policy holds of ours. */
const mark = '@';
const withProvider = (text: string): string => {
  const at = text.indexOf(mark);
  return `${shellWord(text.slice(0, at))}$provider${shellWord(text.slice(at + 1))}`;
};

export function awsScript(plan: Plan): string {
  const { callback } = plan;
  const parts = [
    signedIn(plan),
    provider(plan),
    ...plan.roles.map((role) =>
      [...roleSteps(role, plan), ...permissions(role, plan), ...told(role)].join('\n'),
    ),
    ...(callback ? [report(callback)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

/** Of what account, and by what name it knows the issuer. */
export const signedIn = (plan: Plan): string =>
  [
    '#!/bin/sh',
    '# Needs the AWS command line, signed in to the account as somebody who may administer IAM.',
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
  const itsArn = '--open-id-connect-provider-arn="$provider"';
  const create = iam(
    'create-open-id-connect-provider',
    option('url', plan.issuer),
    option('client-id-list', plan.audience),
    ...tagOptions(plan),
  );
  const absent = plan.createsProvider
    ? [`  ${say('Create the OIDC provider')}`, `${shellCommand(create, '  ')} ${quiet}`]
    : [`  ${say('There is no OIDC provider for this issuer. Nothing was changed.')} >&2`, '  exit 1'];
  const add = iam('add-client-id-to-open-id-connect-provider', option('client-id', plan.audience));
  return [
    `if ! ${shellCommand(iam('get-open-id-connect-provider'))} ${itsArn} ${quiet} 2>&1; then`,
    ...absent,
    'else',
    `  ${say('The OIDC provider is there; see that it takes the audience')}`,
    `${shellCommand(add, '  ')} ${itsArn}`,
    'fi',
  ].join('\n');
}

/** Counts the statements that are not of this connection alone, whatever they allow it: other than 0 is somebody's work. */
function othersQuery({ target, facts }: RolePlan): string {
  const { Effect, Principal, Condition } = trustPolicy(target, facts, mark).Statement[0]!;
  // A literal of JMESPath ends at a backtick.
  const ours = Object.entries({ Effect, Principal, Condition }).map(
    ([name, value]) => `${name}==\`${JSON.stringify(value).replaceAll('`', '\\`')}\``,
  );
  // IAM takes one statement for a list of one.
  return `[Role.AssumeRolePolicyDocument.Statement][]|length([?!(${ours.join(' && ')})])`;
}

/** A role of that name which trusts somebody else as well is somebody's work: it is not touched. */
function roleSteps(role: RolePlan, plan: Plan): string[] {
  const name = roleNameOf(role);
  const named = option('role-name', name);
  const trust = JSON.stringify(trustPolicy(role.target, role.facts, mark));
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
    `    ${say(`Create the role ${name}`)}`,
    `${create} --assume-role-policy-document="$trust" ${quiet}`,
    '    ;;',
    '  0)',
    `    ${say(`Bring the role ${name} up to date`)}`,
    `${command('update-assume-role-policy', named)} --policy-document="$trust"`,
    command('update-role', named, ...settings),
    ...boundaryOptions(plan).map((boundary) => command('put-role-permissions-boundary', named, boundary)),
    ...tagOptions(plan).map((tags) => command('tag-role', named, tags)),
    '    ;;',
    '  *)',
    `    ${say(`There is a role ${name} that trusts somebody else, or asks something else of a token. It was not changed.`)} >&2`,
    `    ${say(keeping(role))} >&2`,
    '    exit 1',
    '    ;;',
    'esac',
  ];
}

const keeping = ({ target, facts }: RolePlan): string =>
  target.role_arn === undefined
    ? `To keep it, save its ARN as role_arn of ${facts.connection.id}: then there is keep-role.sh, which adds to its trust.`
    : `To keep it, use keep-role.sh of ${facts.connection.id}, which adds to its trust.`;

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

function told(role: RolePlan): string[] {
  const variable = `role${role.suffix}`;
  const arn = iam('get-role', option('role-name', roleNameOf(role)), '--output=text', '--query=Role.Arn');
  return [
    `${variable}=$(${shellCommand(arn)})`,
    `printf '%s %s\\n' ${shellWord(`role_arn of ${role.facts.connection.id}:`)} "$${variable}"`,
  ];
}

/** Of `$role`. An ARN may hold quotes in its path. */
export const report = (callback: string): string =>
  [
    `BODY=$(printf '%s' "$role" | sed 's/[\\\\"]/\\\\&/g')`,
    'BODY="{\\"role_arn\\":\\"$BODY\\"}"',
    `REPORT_TO=${shellWord(callback)}`,
    reportScript,
  ].join('\n');
