/**
 * Our statement among those of a role that is there. IAM replaces a trust policy whole, so that it is read first, changed by
 * jq and written back: whoever else is in stays in.
 */
import type { SetupFacts } from '../contract.ts';
import { option, shellCommand } from '../encode/index.ts';
import type { AwsTarget } from './target.ts';
import { providerArn, trustPolicy } from './trust.ts';

/** By its Sid (letters and digits, IAM reference, "Sid") it is found again, and replaced instead of added twice. */
export const statementToAdd = (target: AwsTarget, facts: SetupFacts, federated: string) => ({
  Sid: `Sojourn${facts.connection.id.replace(/[^A-Za-z0-9]/g, '')}`,
  ...trustPolicy(target, facts, federated).Statement[0]!,
});

/** A statement of any Sid that lets in the same under the same conditions is ours too: the set-up of a new role made it. */
const others = `[.Statement] | flatten(1)
    | map(select(.Sid == $ours.Sid or del(.Sid, .Action) == ($ours | del(.Sid, .Action)) | not)`;

/** What jq does: the other statements as they are, ours behind them. */
export const add = `.Statement = (${others}) + [$ours])`;

/** What a statement says of a key to the letter: a list for each condition, and without wildcards or variables. */
const named = `def named($key): [.Condition | objects | to_entries[]
    | select(.key | ascii_downcase | IN("stringequals", "stringequalsignorecase", "stringlike"))
    | .value | objects | to_entries[] | select((.key | ascii_downcase) == ($key | ascii_downcase))
    | [.value] | flatten
    | select(all(type == "string" and (contains("*") or contains("?") or contains("\${") | not)))
    | map(ascii_downcase)];`;

/**
 * The same, and nobody else of this issuer but whom a statement names to the letter: another connection may have the role
 * too. One that names this connection and not its audience goes. Who is named beside the issuer stays, and so does a Deny.
 */
export const addAlone = `${named}
  $ours.Principal.Federated as $issuer
  | $ours.Condition.StringEquals as $asked
  | ($asked | keys) as [$aud, $sub]
  | .Statement = (${others}
    | if .Effect == "Allow"
        and ([.Principal | objects | .Federated] | flatten | index($issuer))
        and (named($sub) as $subjects
          | (named($aud) | index([[$asked[$aud] | ascii_downcase]])) as $meant
          | ($subjects | flatten | index($asked[$sub] | ascii_downcase)) as $us
          | $subjects != [] and ($meant != null or $us == null)
          | not)
      then .Principal.Federated |= ([.] | flatten - [$issuer])
        | if .Principal.Federated == [] then del(.Principal.Federated) else . end
        | select(.Principal != {})
      else . end) + [$ours])`;

/** @returns commands: the first two leave the new trust in `$trust`, the last one writes it */
export function changeTrust(
  target: AwsTarget,
  facts: SetupFacts,
  { arn, program }: { readonly arn: string; readonly program: string },
): readonly [read: string, change: string, write: string] {
  const named = option('role-name', arn.slice(arn.lastIndexOf('/') + 1));
  const iam = (action: string, ...options: readonly string[]) =>
    shellCommand(['aws', 'iam', action, named, ...options]);
  const ours = JSON.stringify(statementToAdd(target, facts, providerArn(arn, facts.issuer)));
  return [
    `trust=$(${iam('get-role', '--output=json', '--query=Role.AssumeRolePolicyDocument')})`,
    `trust=$(printf '%s' "$trust" | ${shellCommand(['jq', '--compact-output', '--argjson', 'ours', ours, program])})`,
    `${iam('update-assume-role-policy')} --policy-document="$trust"`,
  ];
}
