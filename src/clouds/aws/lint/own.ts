/** Why a statement does not admit our token, and what in it is weaker or more than needed. */
import { describeValue, type Finding, type Severity } from '../../lint.ts';
import { providerName } from '../trust.ts';
import { appliesTo } from './decide.ts';
import { allowsAction, type Statement } from './document.ts';
import { explainFalse } from './false-conditions.ts';
import { claimOf, isUnderstood } from './keys.ts';
import { addressMatches, type Condition, holds } from './operators.ts';
import { addressKeys, assumeRole, type Caller, type LintInput, providerEnding, timeKeys } from './request.ts';

export interface StatementReport {
  readonly statement: Statement;
  /** The conditions of the customer that keep us out: not a mistake in our statement. */
  readonly restrictions: readonly Finding[];
  readonly findings: readonly Finding[];
}

/** An Allow statement for our provider, or for one whose ARN looks like a mistake for ours. */
export const isOurs = (
  { facts }: LintInput,
  { provider }: Caller,
  { fields, principals }: Statement,
): boolean =>
  !/^deny$/i.test(String(fields.Effect ?? fields.effect)) &&
  principals.some(({ value }) => value === provider || hasSameHost(value, providerName(facts.issuer)));

/** Same host, but a path, a slash, the case or the account differs. */
export const hasSameHost = (arn: string, name: string): boolean =>
  (/:oidc-provider\/([^/]*)/.exec(arn)?.[1] ?? '').toLowerCase() === name.split('/')[0]?.toLowerCase();

export function reportStatement(input: LintInput, own: Caller, statement: Statement): StatementReport {
  const findings: Finding[] = [];
  const add = (rule: string, severity: Severity, path: string, detail: string, advice: string) =>
    findings.push({ rule, severity, path, detail, advice });
  const { path, principals, actions, conditions } = statement;
  if (!appliesTo(statement, own.provider)) {
    const similar = principals.find(({ value }) => hasSameHost(value, providerName(input.facts.issuer)));
    add(
      'provider_arn',
      'blocks_access',
      `${path}.Principal.Federated`,
      `The provider is ${describeValue(similar?.value)}; it must end with ${providerEnding(input.facts)} and be in the account of the role.`,
      'Copy the ARN from the corrected document. Path, case and a trailing slash must match.',
    );
  }
  const missing = own.actions.filter((action) => !allowsAction(actions, action));
  if (missing.length > 0)
    add(
      missing.includes(assumeRole) ? 'action' : 'session_tags',
      'blocks_access',
      `${path}.Action`,
      `${missing.join(' and ')} is not allowed.`,
      'Add it to Action.',
    );
  if (actions.some((action) => /[*?]/.test(action)))
    add(
      'wildcard_action',
      'weak',
      `${path}.Action`,
      'A wildcard allows more actions than needed.',
      'Name the actions.',
    );
  else if (actions.some((action) => !own.actions.includes(action)))
    add(
      'extra_actions',
      'redundant',
      `${path}.Action`,
      `Only ${own.actions.join(', ')} is needed.`,
      'Remove the other actions.',
    );
  const restrictions: Finding[] = [];
  for (const condition of conditions)
    if (holds(condition, own.context)) findings.push(...remarks(input, condition, conditions));
    else {
      const { isRestriction, ...finding } = explainFalse(input, condition);
      findings.push(finding);
      if (isRestriction) restrictions.push(finding);
    }
  return { statement, restrictions, findings };
}

/** What is weak or more than needed in a condition that holds for our token. */
export function remarks(
  { facts }: LintInput,
  condition: Condition,
  others: readonly Condition[],
): readonly Finding[] {
  const { operator, key, values, path } = condition;
  const remark = (rule: string, severity: Severity, detail: string, advice: string): Finding[] => [
    { rule, severity, path, detail, advice },
  ];
  const claim = claimOf(facts.issuer, key);
  if (!isUnderstood(condition, facts.issuer))
    return remark(
      'not_understood',
      'weak',
      `${operator.text} on ${describeValue(key)} is not understood, so others could be admitted.`,
      claim === undefined ? 'Check it yourself, or remove it.' : 'Use StringEquals.',
    );
  if (addressKeys.has(key.toLowerCase()))
    return values.some((value) => addressMatches(value, '255.255.255.254'))
      ? []
      : remark(
          'address',
          'weak',
          `It depends on the address of the server, which is not known here: ${describeValue(values.join(', '))}.`,
          'Compare it with the addresses that the server calls from.',
        );
  if (timeKeys.has(key.toLowerCase()))
    return remark(
      'date',
      'redundant',
      `It depends on the time: ${describeValue(values.join(', '))}.`,
      'Check that it is still intended.',
    );
  if (claim !== 'sub' && claim !== 'aud') return [];
  if (operator.base === 'Null')
    return remark(
      'null_test',
      'redundant',
      `Null tests only whether ${key} is present, not its value.`,
      'Remove it.',
    );
  if (operator.negated)
    return remark(
      'negated',
      'redundant',
      `${operator.text} excludes the named values and admits all others.`,
      'Use StringEquals.',
    );
  const isStrict = others.some((other) => claimOf(facts.issuer, other.key) === claim && isExactTest(other));
  const form = [
    ...(operator.base === 'StringLike' && (isStrict || !values.some((value) => /[*?]/.test(value)))
      ? remark('string_like', 'redundant', 'StringLike is wider than needed.', 'Use StringEquals.')
      : []),
    ...(operator.base === 'StringEqualsIgnoreCase'
      ? remark(
          'ignore_case',
          'redundant',
          'StringEqualsIgnoreCase is wider than needed.',
          'Use StringEquals.',
        )
      : []),
  ];
  const severity = isStrict ? 'redundant' : 'weak';
  if (operator.set === 'ForAllValues')
    form.push(
      ...remark(
        'for_all_values',
        severity,
        'ForAllValues is also true for a token without the claim.',
        'Use StringEquals.',
      ),
    );
  if (operator.ifExists)
    form.push(
      ...remark(
        'if_exists',
        severity,
        'IfExists is also true for a token without the claim.',
        'Use StringEquals.',
      ),
    );
  return form;
}

const isExactTest = ({ operator }: Condition): boolean => operator.text === 'StringEquals';
