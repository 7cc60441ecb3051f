/** Lints an allow policy: who may impersonate the service account, or, without one, who of our pool has access. */
import type { SetupFacts } from '../../contract/index.ts';
import {
  describeValue,
  type Finding,
  gradeFindings,
  isJsonObject,
  type JsonObject,
  type LintResult,
  type Severity,
  stringsIn,
  unreadMembers,
} from '../../lint.ts';
import { memberName, poolName } from '../names.ts';
import type { GcpTarget } from '../target.ts';
import { type Binding, effectAt, readBinding } from './binding.ts';
import { unknown } from './cel-values.ts';
import { classify, type Member } from './members.ts';
import { effectOf, impersonationRoles } from './roles.ts';

export function lintPolicy(
  target: GcpTarget,
  facts: SetupFacts,
  policy: JsonObject,
  now: number,
): LintResult {
  const list = policy.bindings as readonly unknown[];
  const bindings = list.map((binding, index) => readBinding(binding, `bindings[${index}]`));
  const kindOf = (member: string) => classify(member, poolName(target), facts.subject);
  const own = bindings.filter((binding) => binding.members.some((member) => kindOf(member) === 'own'));
  const granting = own.filter(({ role }) => !target.service_account || impersonationRoles.includes(role));
  const isBound = granting.some((binding) => effectAt(binding, now) === true);
  const findings = [
    ...bindings.flatMap((binding) => memberFindings(target, facts, binding, { kindOf, isBound, now })),
    ...ownFindings(target, facts, granting, now),
    ...unreadMembers(policy, ['bindings', 'etag', 'version', 'auditConfigs'], 'an allow policy'),
  ];
  const isRestricted = !isBound && granting.length > 0;
  return gradeFindings(
    target.service_account ? 'gcp-service-account-policy' : 'gcp-allow-policy',
    findings,
    // Which role on which resource is for the customer to say.
    isRestricted || (!isBound && !target.service_account)
      ? undefined
      : correctedPolicy(target, facts, policy, { kindOf, isBound }),
  );
}

interface Context {
  readonly kindOf: (member: string) => Member;
  readonly isBound: boolean;
  readonly now: number;
}

/** The members of a binding other than our own. */
function memberFindings(
  target: GcpTarget,
  facts: SetupFacts,
  binding: Binding,
  { kindOf, isBound, now }: Context,
): Finding[] {
  const expected = memberName(target, facts.subject);
  const path = `${binding.path}.members`;
  const find = (rule: string, severity: Severity, detail: string, advice: string): Finding => ({
    ...{ rule, severity, path, detail, advice },
  });
  const effect = target.service_account ? effectOf(binding.role) : 'impersonates';
  const others = binding.members.filter((member) => kindOf(member) !== 'own');
  // A binding that has ended, and does not begin in the next years, has no effect.
  if (effect === 'harmless' || [0, 1, 10].every((years) => effectAt(binding, now + years * year) === false))
    return [];
  const isOpenTo = (member: string) => ['everyone', 'pool', 'foreign_pool'].includes(kindOf(member));
  if (effect === 'unknown' && others.length > 0 && !others.some(isOpenTo))
    return [
      find(
        'unknown_role',
        'weak',
        `Whether ${describeValue(binding.role)} lets ${describeValue(others[0])} become the account is not known.`,
        'Check its permissions.',
      ),
    ];
  return others.flatMap((member) => {
    const named = describeValue(member);
    switch (kindOf(member)) {
      case 'everyone':
        return find(
          'any_principal',
          'overly_permissive',
          `${named} may impersonate the service account: any Google account, for example.`,
          'Remove it.',
        );
      case 'pool':
        return find(
          'pool_wide_binding',
          'overly_permissive',
          `${named} is every identity of the pool, for example with the subject con_${'0'.repeat(26)}.`,
          `Write ${expected}.`,
        );
      case 'foreign_pool':
        return find(
          'foreign_pool',
          'overly_permissive',
          `${named} is in another pool, whose providers decide who gets this subject, for example a workload of another issuer.`,
          `Write ${expected}.`,
        );
      case 'set':
        return find(
          'principal_set_binding',
          'weak',
          `${named} can match many identities.`,
          `Write ${expected}.`,
        );
      case 'project_id':
        return find(
          'project_id',
          isBound ? 'redundant' : 'blocks_access',
          `${named} names another pool. A principal has the project number, not the project id.`,
          `Write ${expected}.`,
        );
      case 'subject':
        return find(
          'other_subjects',
          'weak',
          `${named} may impersonate the service account as well.`,
          'Use a separate account for it, unless both should use this one.',
        );
      case 'named':
        return target.service_account
          ? find(
              'other_principals',
              'weak',
              `${named} may become the service account as well, by ${binding.role}.`,
              'Use a separate account, unless both should use this one.',
            )
          : [];
      case 'unknown':
        return find(
          'not_understood',
          'weak',
          `${named} is no principal that this check knows.`,
          'Check it yourself, or remove it.',
        );
      default:
        return [];
    }
  });
}

const year = 365 * 86_400_000;

function ownFindings(
  target: GcpTarget,
  facts: SetupFacts,
  granting: readonly Binding[],
  now: number,
): Finding[] {
  const expected = memberName(target, facts.subject);
  const effective = granting.filter((binding) => effectAt(binding, now) === true);
  const find = (
    rule: string,
    severity: Severity,
    path: string,
    detail: string,
    advice: string,
  ): Finding[] => [{ rule, severity, path, detail, advice }];
  if (granting.length === 0)
    return find(
      'binding_missing',
      'blocks_access',
      'bindings',
      target.service_account
        ? `${expected} does not have the role ${impersonationRoles[0]}.`
        : `${expected} has no role.`,
      target.service_account
        ? 'Add the binding of the corrected document. It takes up to 90 seconds to take effect.'
        : 'Add it to the role that the service needs.',
    );
  const [first] = granting;
  const condition = describeValue(first?.condition);
  if (effective.some((binding) => binding.condition === undefined)) return [];
  if (effective.length > 0)
    return find(
      'conditional',
      'weak',
      `${effective[0]?.path}.condition`,
      `The binding has an effect only while ${describeValue(effective[0]?.condition)}.`,
      'Check that it is still intended.',
    );
  return granting.some((binding) => effectAt(binding, now) === unknown)
    ? find(
        'not_understood',
        'weak',
        `${first?.path}.condition`,
        `The condition is not understood, so the binding may have no effect: ${condition}.`,
        'Check it yourself, or remove the condition.',
      )
    : find(
        'condition_false',
        'blocks_access',
        `${first?.path}.condition`,
        `The binding has no effect now: ${condition}.`,
        'Change or remove the condition, or add a binding without it.',
      );
}

/** Keeps everyone who is named; removes everyone, whole pools, and mistakes for our member. */
function correctedPolicy(
  target: GcpTarget,
  facts: SetupFacts,
  policy: JsonObject,
  { kindOf, isBound }: Omit<Context, 'now'>,
): JsonObject {
  const isKept = (member: string) =>
    !['everyone', 'pool', 'foreign_pool', 'project_id'].includes(kindOf(member));
  const bindings = (policy.bindings as readonly unknown[])
    .filter(isJsonObject)
    .map((binding) =>
      target.service_account && effectOf(String(binding.role)) === 'harmless'
        ? binding
        : { ...binding, members: stringsIn(binding.members).filter(isKept) },
    )
    .filter(({ members }) => stringsIn(members).length > 0);
  const added = { role: impersonationRoles[0], members: [memberName(target, facts.subject)] };
  return { ...policy, bindings: isBound ? bindings : [...bindings, added] };
}
