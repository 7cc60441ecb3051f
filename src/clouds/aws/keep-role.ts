/** Trust added to a role that is there, such as one that was entered with an external id so far: who is in stays in. */

import type { SetupFacts } from '../contract.ts';
import { option, shellCommand, shellWord } from '../encode/index.ts';
import type { Plan } from './plan.ts';
import { iam, permissions, provider, report, say, signedIn } from './script.ts';
import type { AwsTarget } from './target.ts';
import { providerArn, trustPolicy } from './trust.ts';

/** By its Sid (letters and digits, IAM reference, "Sid") it is found again, and replaced instead of added twice. */
export const statementToAdd = (target: AwsTarget, facts: SetupFacts, federated: string) => ({
  Sid: `Sojourn${facts.connection.id.replace(/[^A-Za-z0-9]/g, '')}`,
  ...trustPolicy(target, facts, federated).Statement[0]!,
});

/** jq's program: the other statements as they are, ours behind them. */
const add = '.Statement = ([.Statement] | flatten(1) | map(select(.Sid != $ours.Sid))) + [$ours]';

/** @param arn of the role */
export function keepRoleScript(plan: Plan, arn: string): string {
  const [role] = plan.roles;
  if (!role) return '';
  const name = arn.slice(arn.lastIndexOf('/') + 1);
  const account = arn.split(':')[4] ?? '';
  const named = option('role-name', name);
  const ours = statementToAdd(role.target, role.facts, providerArn(arn, plan.issuer));
  const read = iam('get-role', named, '--output=json', '--query=Role.AssumeRolePolicyDocument');
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
      `trust=$(${shellCommand(read)})`,
      `trust=$(printf '%s' "$trust" | jq --compact-output --argjson ours ${shellWord(JSON.stringify(ours))} ${shellWord(add)})`,
    ].join('\n'),
    provider(plan),
    [
      say(`Add the statement ${ours.Sid} to the trust of ${name}`),
      `${shellCommand(iam('update-assume-role-policy', named))} --policy-document="$trust"`,
      ...permissions({ ...role, name }, plan),
      `role=${shellWord(arn)}`,
      `printf 'role_arn: %s\\n' "$role"`,
    ].join('\n'),
    ...(plan.callback ? [report(plan.callback)] : []),
  ];
  return `${parts.join('\n\n')}\n`;
}
