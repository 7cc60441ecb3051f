/** `sojourn can`: explains whether a client may use a connection, for which purpose, and why. */
import { adminCommand, apiPath } from '../admin.ts';
import { type CommandSpec, type ParsedArguments, text, texts } from '../command.ts';
import { usageError } from '../failure.ts';
import { cell, type Json } from '../print.ts';

const reasons: Readonly<Record<string, (decision: Json) => string>> = {
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
    `the connection requires an approval, and ${describeApproval(approval as Json)}`,
};

function describeApproval({ approval, state, expires_at }: Json): string {
  if (state === 'not_requested') return 'the client has not requested one';
  const times: Readonly<Record<string, string>> = { denied: 'until', expired: 'since' };
  const when = Object.hasOwn(times, String(state)) ? ` ${times[String(state)]} ${cell(expires_at)}` : '';
  return `the request ${cell(approval)} is ${cell(state)}${when}`;
}

const indexOf = (rule: unknown): string => cell((rule as Json | null)?.index);

export const can: CommandSpec = adminCommand({
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
    const { allowed, reason, rule, purpose, audit_violations, approval } = decision;
    if (allowed !== true) return `no: ${reasons[String(reason)]?.(decision) ?? cell(reason)}\n`;
    const { index, ...conditions } = (rule ?? {}) as Json;
    const onlyFor = typeof purpose === 'string' ? `, only for ${cell(purpose)}` : '';
    const granted = approval ? `, granted until ${cell((approval as Json).expires_at)}` : '';
    const violations =
      Array.isArray(audit_violations) && audit_violations.length > 0
        ? `guards in audit mode that would refuse: ${cell(audit_violations)}\n`
        : '';
    return `yes: rule ${cell(index)} (${cell(conditions)})${onlyFor}${granted}\n${violations}`;
  },
  exitCode: ({ allowed }) => (allowed === true ? 0 : 1),
});

function claimsOf(args: ParsedArguments): string | undefined {
  const claims = texts(args, 'claim').map((claim): [string, string] => {
    const [name = '', ...value] = claim.split('=');
    if (name === '' || value.length === 0) throw usageError('--claim must be name=value.');
    return [name, value.join('=')];
  });
  return claims.length === 0 ? undefined : JSON.stringify(Object.fromEntries(claims));
}
