/** The policy of a service account: who may become it. */
import type { SetupFacts } from '../contract.ts';
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

/** Roles with iam.serviceAccounts.getAccessToken. */
const becoming = ['roles/iam.workloadIdentityUser', 'roles/iam.serviceAccountTokenCreator'];

export function policyLint(target: GcpTarget, facts: SetupFacts, policy: JsonObject): LintResult {
  const findings: Finding[] = [];
  const bindings = (policy.bindings as readonly unknown[]).filter(isJsonObject);
  const wanted = memberName(target, facts.subject);
  const pool = `//iam.googleapis.com/${poolName(target)}/`;
  let bound = false;
  for (const [index, { role, members }] of bindings.entries()) {
    if (!becoming.includes(String(role))) continue;
    const where = `bindings[${index}].members`;
    const add = (rule: string, severity: Severity, detail: string, advice: string) =>
      findings.push({ rule, severity, where, detail, advice });
    for (const member of stringsIn(members)) {
      if (member === wanted) bound = true;
      else if (/^all(Authenticated)?Users$/.test(member))
        add('anybody', 'stranger', `${member} may become the service account.`, 'Take it out.');
      else if (member.startsWith('principalSet:') && member.endsWith('/*'))
        add(
          'pool_wide_binding',
          'stranger',
          `${describeValue(member)} is everybody whom the pool takes.`,
          `Write ${wanted}.`,
        );
      else if (member.startsWith('principalSet:'))
        add('principal_set_binding', 'weak', `${describeValue(member)} may be many.`, `Write ${wanted}.`);
      else if (member.startsWith('principal:') && member.endsWith(`/subject/${facts.subject}`))
        add(
          'project_id',
          'closed',
          `${describeValue(member)} names another pool: a principal has the number of the project, never its id.`,
          `Write ${wanted}.`,
        );
      else if (member.startsWith(`principal:${pool}`))
        add(
          'other_subjects',
          'weak',
          `${describeValue(member)} may become the service account as well.`,
          'Give it an account of its own, unless this one is meant for both.',
        );
    }
  }
  if (!bound)
    findings.push({
      rule: 'binding_missing',
      severity: 'closed',
      where: 'bindings',
      detail: `${wanted} has not the role ${becoming[0]}.`,
      advice: 'Add the binding of the corrected document; it takes 90 seconds to act.',
    });
  const isWide = (member: string) =>
    /^all(Authenticated)?Users$|^principal(Set)?:\/\/iam\.googleapis\.com\/projects\//.test(member);
  const kept = bindings
    .map((one) =>
      becoming.includes(String(one.role))
        ? { ...one, members: stringsIn(one.members).filter((member) => !isWide(member)) }
        : one,
    )
    .filter(({ members }) => stringsIn(members).length > 0);
  return gradeFindings('gcp-service-account-policy', findings, {
    ...policy,
    bindings: [...kept, { role: becoming[0], members: [wanted] }],
  });
}
