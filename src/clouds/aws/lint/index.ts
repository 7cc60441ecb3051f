/**
 * Lint of trust policies and OIDC providers. Owns: the model of a trust policy, who gets in by it, the findings and the
 * correction. Does not own: the trust policy of the set-up files (trust.ts).
 */
import { invalidRequest } from '../../../platform/errors/index.ts';
import type { SetupFacts } from '../../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  unreadMembers,
} from '../../lint.ts';
import type { AwsTarget } from '../target.ts';
import { type AssessmentInput, assess } from './assess.ts';
import { correct } from './correct.ts';
import { maxSize, sizeOf } from './document.ts';
import { lintProvider } from './provider.ts';

/**
 * @param now milliseconds since the epoch
 * @throws {SojournError} `invalid_request` for any other document.
 */
export function lint(target: AwsTarget, facts: SetupFacts, document: unknown, now: number): LintResult {
  const role = roleIn(document);
  const policy = role?.AssumeRolePolicyDocument ?? document;
  const unread =
    role && isJsonObject(document)
      ? [
          ...unreadMembers(role, roleMembers, 'a role', role === document ? '' : 'Role.'),
          ...(role === document ? [] : unreadMembers(document, ['Role'], 'the answer of get-role')),
        ]
      : [];
  if (isJsonObject(policy) && 'Statement' in policy)
    return lintTrustPolicy(target, facts, policy, role, unread, now);
  if (isJsonObject(document) && 'ClientIDList' in document) return lintProvider(facts, document);
  throw invalidRequest([
    {
      path: 'document',
      message:
        'must be a trust policy (Statement), a role (AssumeRolePolicyDocument) or an OIDC provider (ClientIDList)',
    },
  ]);
}

/** API reference of IAM, "Role". */
const roleMembers = [
  ...['Path', 'RoleName', 'RoleId', 'Arn', 'CreateDate', 'AssumeRolePolicyDocument', 'Description'],
  ...['MaxSessionDuration', 'PermissionsBoundary', 'Tags', 'RoleLastUsed'],
];

/** The output of `aws iam get-role`. */
function roleIn(document: unknown): JsonObject | undefined {
  if (!isJsonObject(document)) return undefined;
  const role = isJsonObject(document.Role) ? document.Role : document;
  return isJsonObject(role.AssumeRolePolicyDocument) ? role : undefined;
}

function lintTrustPolicy(
  target: AwsTarget,
  facts: SetupFacts,
  policy: JsonObject,
  role: JsonObject | undefined,
  unread: readonly Finding[],
  now: number,
): LintResult {
  const input: AssessmentInput = { target, facts, now, roleTags: tagsOf(role) };
  const before = assess(policy, input);
  const findings = [
    ...before.findings,
    ...(role ? roleFindings(target, role) : sizeFindings(policy)),
    ...unread,
  ];
  const corrected = correct(policy, input, before);
  if (!corrected && sizeOf(policy) <= maxSize && !before.isDenied && before.reports.length === 0)
    findings.push(tooLong('With the statement for this connection, the document'));
  return gradeFindings('aws-trust-policy', findings, corrected);
}

function roleFindings(target: AwsTarget, { Arn, MaxSessionDuration: limit }: JsonObject): Finding[] {
  const findings: Finding[] = [];
  if (typeof limit === 'number' && limit < target.duration_seconds)
    findings.push({
      rule: 'max_session',
      severity: 'blocks_access',
      path: 'MaxSessionDuration',
      detail: `The role allows sessions of ${limit} seconds; duration_seconds of the connection is ${target.duration_seconds}.`,
      advice: `Set it to ${target.duration_seconds}: aws iam update-role --max-session-duration.`,
    });
  if (typeof Arn === 'string' && target.role_arn !== undefined && Arn !== target.role_arn)
    findings.push({
      rule: 'role_arn',
      severity: 'blocks_access',
      path: 'Arn',
      detail: `${describeValue(Arn)} is not the role of the connection, ${target.role_arn}.`,
      advice: 'Check the document of that role, or correct role_arn.',
    });
  return findings;
}

const sizeFindings = (policy: JsonObject): Finding[] =>
  sizeOf(policy) > maxSize ? [tooLong('The document')] : [];

const tooLong = (what: string): Finding => ({
  rule: 'size',
  severity: 'blocks_access',
  path: 'Statement',
  detail: `${what} has more than ${maxSize} characters without white space, the default quota of IAM.`,
  advice: 'Remove statements, use another role, or let AWS raise the quota (role trust policy length).',
});

function tagsOf(role: JsonObject | undefined): ReadonlyMap<string, string> {
  const tags: readonly unknown[] = Array.isArray(role?.Tags) ? role.Tags : [];
  return new Map(tags.filter(isJsonObject).map(({ Key, Value }) => [String(Key), String(Value)]));
}
