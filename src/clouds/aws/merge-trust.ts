/**
 * Adds our statement to the trust policy of an existing role. IAM replaces a trust policy as a whole, so the commands read it,
 * change it with jq and write it back; all other principals keep their access.
 */
import type { SetupFacts } from '../contract/index.ts';
import { option, shellCommand } from '../encode/index.ts';
import { stopAtRestrictions } from './restrictions.ts';
import type { AwsTarget } from './target.ts';
import { providerArn, trustPolicy } from './trust.ts';

/** Its Sid (letters and digits, IAM reference, "Sid") identifies it, so that it is replaced and not added twice. */
export const connectionStatement = (target: AwsTarget, facts: SetupFacts, federated: string) => ({
  Sid: `Sojourn${facts.connection.id.replace(/[^A-Za-z0-9]/g, '')}`,
  ...trustPolicy(target, facts, federated).Statement[0]!,
});

/** A jq function: IAM accepts no policy with the unique id of a deleted user or role (repost.aws, iam-resource-policy-format). */
const withoutDeleted = `def without_deleted: [.Principal | objects | .AWS | [.] | flatten[] | strings
    | select(test("^A[A-Z]{3}[A-Z0-9]{12,}$"))] as $gone
  | if $gone == [] then . else .Principal.AWS |= ([.] | flatten - $gone)
    | if .Principal.AWS == [] then del(.Principal.AWS) else . end | select(.Principal != {}) end;`;

/** A statement with the same principal and conditions is ours under any Sid: the set-up of a new role created it. */
const otherStatements = `[.Statement] | flatten(1)
    | map(select(.Sid == $ours.Sid or del(.Sid, .Action) == ($ours | del(.Sid, .Action)) | not) | without_deleted`;

/** A jq program that keeps the other statements and appends ours. */
export const addStatement = `${withoutDeleted}
${stopAtRestrictions}
  | .Statement = (${otherStatements}) + [$ours])`;

/**
 * A jq program that also removes statements for this issuer, except those that name exact subjects: another connection may
 * use the role too. It removes a statement that names this connection without its audience. Other principals of a statement
 * and Deny statements stay.
 */
export const replaceStatements = `${withoutDeleted}
${stopAtRestrictions}
  | $ours.Principal.Federated as $issuer
  | $ours.Condition.StringEquals as $expected
  | ($expected | keys) as [$aud, $sub]
  | .Statement = (${otherStatements}
    | if .Effect == "Allow"
        and ([.Principal | objects | .Federated] | flatten | index($issuer))
        and (named($sub) as $subjects
          | (named($aud) | index([[$expected[$aud] | ascii_downcase]])) as $audience
          | ($subjects | flatten | index($expected[$sub] | ascii_downcase)) as $self
          | $subjects != [] and ($audience != null or $self == null)
          | not)
      then .Principal.Federated |= ([.] | flatten - [$issuer])
        | if .Principal.Federated == [] then del(.Principal.Federated) else . end
        | select(.Principal != {})
      else . end) + [$ours])`;

/** @returns commands: the first two put the new trust policy into `$trust`, the last one writes it */
export function trustCommands(
  target: AwsTarget,
  facts: SetupFacts,
  { arn, program }: { readonly arn: string; readonly program: string },
): readonly [read: string, change: string, write: string] {
  const named = option('role-name', arn.slice(arn.lastIndexOf('/') + 1));
  const iam = (action: string, ...options: readonly string[]) =>
    shellCommand(['aws', 'iam', action, named, ...options]);
  const ours = JSON.stringify(connectionStatement(target, facts, providerArn(arn, facts.issuer)));
  return [
    `trust=$(${iam('get-role', '--output=json', '--query=Role.AssumeRolePolicyDocument')})`,
    `trust=$(printf '%s' "$trust" | ${shellCommand(['jq', '--compact-output', '--argjson', 'ours', ours, program])})`,
    `${iam('update-assume-role-policy')} --policy-document="$trust"`,
  ];
}
