/** The plan as a script that uses the Azure CLI. It can be run repeatedly: its commands keep existing resources. */
import { option, reportScript, shellCommand, shellWord } from '../encode/index.ts';
import type { IdentityPlan, Plan } from './plan.ts';

const group = '--resource-group="$group"';
const print = (text: string): string => shellCommand(['printf', '%s\\n', text]);

export function azScript(plan: Plan): string {
  const { callback, identities } = plan;
  const parts = [
    [
      '#!/bin/sh',
      '# Sets up a resource group: sh setup.sh RESOURCE_GROUP',
      '# Needs the Azure CLI, signed in with permission to create identities and assign roles in it.',
      'set -eu',
      'group=${1:?"the name of the resource group"}',
      'scope=$(az group show --name="$group" --query=id --output=tsv)',
    ].join('\n'),
    ...identities.map((identity) => steps(identity, plan)),
    ...(callback ? [report(callback)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function steps(
  { facts, name, credential, description, suffix }: IdentityPlan,
  { roles, tags }: Plan,
): string {
  const identity = (verb: string, ...words: readonly string[]) => ['az', 'identity', verb, ...words];
  const tagWords = Object.entries(tags).map(([tag, value]) => shellWord(`${tag}=${value}`));
  const show = (field: string) =>
    `$(${shellCommand(identity('show', option('name', name), option('query', field), '--output=tsv'))} ${group})`;
  const create = `${shellCommand(identity('create', option('name', name), '--output=none'))} ${group}`;
  const credentials = (verb: string, ...words: readonly string[]) =>
    `${shellCommand(identity('federated-credential', verb, option('identity-name', name), ...words))} ${group}`;
  const ours = `[?issuer==${literal(facts.issuer)} && subject==${literal(facts.subject)}].name`;
  const find = credentials('list', option('query', ours), '--output=tsv');
  const trust = credentials(
    'create',
    option('issuer', facts.issuer),
    option('subject', facts.subject),
    option('audiences', facts.audience),
    '--output=none',
  );
  return [
    print(`Create the identity ${name}`),
    tagWords.length > 0 ? `${create} --tags ${tagWords.join(' ')}` : create,
    `client${suffix}=${show('clientId')}`,
    `tenant${suffix}=${show('tenantId')}`,
    `principal${suffix}=${show('principalId')}`,
    print('Trust the issuer, for one audience and one subject'),
    // One that was made by hand is kept under its name: an issuer and subject can have only one.
    `credential=$(${find})`,
    `${trust} --name="\${credential:-${credential}}"`,
    print('Assign its roles in the resource group'),
    ...roles.map((role) => {
      const assign = [
        'az',
        'role',
        'assignment',
        'create',
        option('role', role),
        option('description', description),
      ];
      return `${shellCommand([...assign, '--assignee-principal-type=ServicePrincipal', '--output=none'])} \\
  --assignee-object-id="$principal${suffix}" --scope="$scope"`;
    }),
    `printf '%s %s\\n' ${shellWord(`client_id of ${facts.connection.id}:`)} "$client${suffix}"`,
    `printf '%s %s\\n' ${shellWord(`tenant_id of ${facts.connection.id}:`)} "$tenant${suffix}"`,
  ].join('\n');
}

/** Of JMESPath; a backtick would end it. */
const literal = (text: string): string => `\`${JSON.stringify(text).replaceAll('`', '\\`')}\``;

/** Reports the ids. Both are GUIDs, so they need no escaping. */
const report = (callback: string): string =>
  [
    'BODY="{\\"tenant_id\\":\\"$tenant\\",\\"client_id\\":\\"$client\\"}"',
    `REPORT_TO=${shellWord(callback)}`,
    reportScript,
  ].join('\n');
