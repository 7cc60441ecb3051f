/** Lints the policy of a service account: who may impersonate it. */
import type { SetupFacts } from '../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  type Severity,
  stringsIn,
} from '../lint.ts';
import { memberName, poolName } from './names.ts';
import type { GcpTarget } from './target.ts';

/** Roles that contain iam.serviceAccounts.getAccessToken. */
const impersonationRoles = ['roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountTokenCreator'];

export function lintPolicy(target: GcpTarget, facts: SetupFacts, policy: JsonObject): LintResult {
  const findings: Finding[] = [];
  const bindings = (policy.bindings as readonly unknown[]).filter(isJsonObject);
  const expectedMember = memberName(target, facts.subject);
  const pool = `//iam.googleapis.com/${poolName(target)}/`;
  let isBound = false;
  for (const [index, { role, members }] of bindings.entries()) {
    if (!impersonationRoles.includes(String(role))) continue;
    const path = `bindings[${index}].members`;
    const add = (rule: string, severity: Severity, detail: string, advice: string) =>
      findings.push({ rule, severity, path, detail, advice });
    for (const member of stringsIn(members)) {
      if (member === expectedMember) isBound = true;
      else if (/^all(Authenticated)?Users$/.test(member))
        add(
          'any_principal',
          'overly_permissive',
          `${member} may impersonate the service account.`,
          'Remove it.',
        );
      else if (member.startsWith('principalSet:') && member.endsWith('/*'))
        add(
          'pool_wide_binding',
          'overly_permissive',
          `${describeValue(member)} is every identity of the pool.`,
          `Write ${expectedMember}.`,
        );
      else if (member.startsWith('principalSet:'))
        add(
          'principal_set_binding',
          'weak',
          `${describeValue(member)} can match many identities.`,
          `Write ${expectedMember}.`,
        );
      else if (member.startsWith('principal:') && member.endsWith(`/subject/${facts.subject}`))
        add(
          'project_id',
          'blocks_access',
          `${describeValue(member)} names another pool. A principal has the project number, not the project id.`,
          `Write ${expectedMember}.`,
        );
      else if (member.startsWith(`principal:${pool}`))
        add(
          'other_subjects',
          'weak',
          `${describeValue(member)} may impersonate the service account as well.`,
          'Use a separate account for it, unless both should use this one.',
        );
    }
  }
  if (!isBound)
    findings.push({
      rule: 'binding_missing',
      severity: 'blocks_access',
      path: 'bindings',
      detail: `${expectedMember} does not have the role ${impersonationRoles[0]}.`,
      advice: 'Add the binding of the corrected document. It takes up to 90 seconds to take effect.',
    });
  const isWide = (member: string) =>
    /^all(Authenticated)?Users$|^principal(Set)?:\/\/iam\.googleapis\.com\/projects\//.test(member);
  const keptBindings = bindings
    .map((binding) =>
      impersonationRoles.includes(String(binding.role))
        ? { ...binding, members: stringsIn(binding.members).filter((member) => !isWide(member)) }
        : binding,
    )
    .filter(({ members }) => stringsIn(members).length > 0);
  return gradeFindings('gcp-service-account-policy', findings, {
    ...policy,
    bindings: [...keptBindings, { role: impersonationRoles[0], members: [expectedMember] }],
  });
}
