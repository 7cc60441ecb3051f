/** A script that adds our statement to an existing role, such as one with an external id; others keep their access. */

import { shellWord } from '../encode/index.ts';
import { addStatement, connectionStatement, trustCommands } from './merge-trust.ts';
import type { Plan } from './plan.ts';
import { header, permissions, print, provider, reportRoleArn } from './script.ts';

/** @param arn of the role */
export function keepRoleScript(plan: Plan, arn: string): string {
  const [role] = plan.roles;
  if (!role) return '';
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const account = arn.split(':')[4] ?? '';
  const { Sid } = connectionStatement(role.target, role.facts, '');
  const [read, change, write] = trustCommands(role.target, role.facts, { arn, program: addStatement });
  const parts = [
    header(plan),
    [
      `if [ "$account" != ${shellWord(account)} ]; then`,
      `  ${print(`The role is in account ${account}. Nothing was changed.`)} >&2`,
      '  exit 1',
      'fi',
      'command -v jq >/dev/null || {',
      `  ${print('This script needs jq. Nothing was changed.')} >&2`,
      '  exit 1',
      '}',
      read,
      change,
    ].join('\n'),
    provider(plan),
    [
      print(`Add the statement ${Sid} to the trust policy of ${name}`),
      write,
      ...permissions({ ...role, name }, plan),
      `role=${shellWord(arn)}`,
      `printf 'role_arn: %s\\n' "$role"`,
    ].join('\n'),
    ...(plan.callback ? [reportRoleArn(plan.callback)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
