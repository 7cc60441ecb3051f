/** `sojourn can`: explains whether a client may use a connection, for which purpose, and why. */
import type { Answers } from '../../../server/http/admin/index.ts';
import { adminCommand, apiPath } from '../admin.ts';
import { type CommandSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { cell } from '../print.ts';

type Decision = Answers['Decision'];

const reasons: Readonly<Record<Exclude<Decision['reason'], 'rule_matched'>, (decision: Decision) => string>> =
  {
    no_rule_matched: () => 'no rule of the client allows this connection',
    condition_unmet: ({ rule, unmet_conditions }) =>
      `rule ${indexOf(rule)} matches, but these conditions are not met: ${cell(unmet_conditions)}`,
    purpose_not_allowed: ({ rule }) => `rule ${indexOf(rule)} matches, but does not allow this purpose`,
    purpose_required: ({ purposes }) => `a purpose is required: ${cell(purposes)}`,
    guard_refused: ({ guard, unmet_conditions }) =>
      `guard ${cell(guard)} refuses; these conditions are not met: ${cell(unmet_conditions)}`,
    client_disabled: () => 'the client is disabled',
    connection_disabled: () => 'the connection is disabled',
    connection_paused: () => 'the customer has paused the connection',
    approval_required: ({ approval }) =>
      `the connection requires an approval, and ${describeApproval(approval)}`,
  };

function describeApproval(status: Decision['approval']): string {
  if (!status || status.state === 'not_requested') return 'the client has not requested one';
  const { approval, state, expires_at } = status;
  const preposition = state === 'denied' ? ' until ' : state === 'expired' ? ' since ' : undefined;
  const when = preposition ? preposition + cell(expires_at) : '';
  return `the request ${cell(approval)} is ${cell(state)}${when}`;
}

function describeSuspension({ suspension }: Decision, conjunction: 'and' | 'but'): string {
  if (!suspension) return '';
  const { tenant, since, reason } = suspension;
  const scope = tenant === null ? 'the whole server' : `the tenant ${cell(tenant)}`;
  return `${conjunction} issuing is suspended for ${scope} since ${cell(since)}: ${cell(reason)}\n`;
}

const indexOf = (rule: Decision['rule']): string => cell(rule?.index);

function describe(decision: Decision): string {
  const { reason } = decision;
  // A server of another version can have other reasons.
  const description = reason === 'rule_matched' ? undefined : reasons[reason];
  return description?.(decision) ?? cell(reason);
}

export const can: CommandSpec = adminCommand<Answers['Decision']>({
  usage: 'can <client> <connection>',
  description: 'explain whether a client may use a connection, and why',
  notes: ['Exit code: 0 if the client may use the connection, 1 if not.'],
  options: [
    {
      flags: '--purpose <name>',
      description: 'check this purpose (default: the whole connection, or the only allowed purpose)',
    },
    {
      flags: '--claim <name=value>',
      description: 'claim of the token that the client signs in with (repeatable)',
      repeatable: true,
    },
    { flags: '--at <time>', description: 'check for this time, such as 2027-01-31T12:00:00Z (default: now)' },
  ],
  examples: [
    'can cli_01k0… con_01k0…',
    'can cli_01k0… con_01k0… --purpose deploy --claim ref=refs/heads/main --at 2027-01-31T12:00:00Z',
  ],
  request: (args) => ({
    method: 'GET',
    path: apiPath`/clients/${args.positionals[0]}/access/${args.positionals[1]}`,
    query: { purpose: text(args, 'purpose'), claims: claimsOf(args), at: text(args, 'at') },
  }),
  format: (decision) => {
    const { allowed, rule, purpose, audit_violations, approval } = decision;
    if (allowed !== true) return `no: ${describe(decision)}\n${describeSuspension(decision, 'and')}`;
    const { index, ...conditions } = rule ?? {};
    const onlyFor = typeof purpose === 'string' ? `, only for ${cell(purpose)}` : '';
    const granted = approval ? `, granted until ${cell(approval.expires_at)}` : '';
    const violations =
      Array.isArray(audit_violations) && audit_violations.length > 0
        ? `guards in audit mode that would refuse: ${cell(audit_violations)}\n`
        : '';
    return `yes: rule ${cell(index)} (${cell(conditions)})${onlyFor}${granted}\n${violations}${describeSuspension(decision, 'but')}`;
  },
  exitCode: ({ allowed, suspension }) => (allowed === true && !suspension ? 0 : 1),
});

function claimsOf(args: ParsedArguments): string | undefined {
  const claims = texts(args, 'claim').map((claim): [string, string] => {
    const [name = '', ...value] = claim.split('=');
    if (name === '' || value.length === 0) throw usageError('--claim must be name=value.');
    return [name, value.join('=')];
  });
  return claims.length === 0 ? undefined : JSON.stringify(Object.fromEntries(claims));
}
