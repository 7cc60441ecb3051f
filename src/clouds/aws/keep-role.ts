/** Trust added to a role that is there, such as one that was entered with an external id so far: who is in stays in. */

import { shellWord } from '../encode/index.ts';
import { add, changeTrust, statementToAdd } from './kept-trust.ts';
import type { Plan } from './plan.ts';
import { permissions, provider, report, say, signedIn } from './script.ts';

/** @param arn of the role */
export function keepRoleScript(plan: Plan, arn: string): string {
  const [role] = plan.roles;
  if (!role) return '';
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const account = arn.split(':')[4] ?? '';
  const { Sid } = statementToAdd(role.target, role.facts, '');
  const [read, change, write] = changeTrust(role.target, role.facts, { arn, program: add });
  const parts = [
    signedIn(plan),
    [
      `if [ "$account" != ${shellWord(account)} ]; then`,
      `  ${say(`The role is in the account ${account}. Nothing was changed.`)} >&2`,
      '  exit 1',
      'fi',
      'command -v jq >/dev/null || {',
      `  ${say('This needs jq. Nothing was changed.')} >&2`,
      '  exit 1',
      '}',
      read,
      change,
    ].join('\n'),
    provider(plan),
    [
      say(`Add the statement ${Sid} to the trust of ${name}`),
      write,
      ...permissions({ ...role, name }, plan),
      `role=${shellWord(arn)}`,
      `printf 'role_arn: %s\\n' "$role"`,
    ].join('\n'),
    ...(plan.callback ? [report(plan.callback)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
