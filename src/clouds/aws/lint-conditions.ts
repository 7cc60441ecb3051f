/** Lints the conditions of a trust policy: they should require exactly one audience and one subject. */

import { compare } from '../compare.ts';
import type { SetupFacts } from '../contract.ts';
import { describeValue, type Finding, isJsonObject, type Severity, stringsIn } from '../lint.ts';
import { providerName } from './trust.ts';

interface ConditionTest {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

type Add = (rule: string, severity: Severity, subpath: string, detail: string, advice: string) => void;

export function conditionFindings(facts: SetupFacts, condition: unknown, path: string): Finding[] {
  const findings: Finding[] = [];
  const add: Add = (rule, severity, subpath, detail, advice) =>
    findings.push({ rule, severity, path: `${path}${subpath}`, detail, advice });
  const all = testsIn(condition);
  const name = providerName(facts.issuer);
  for (const { operator, key } of all) {
    const [, prefix = '', claim = ''] = /^(.*):(sub|aud)$/i.exec(key) ?? [];
    if (claim === '' || prefix.toLowerCase() === name.toLowerCase()) continue;
    add(
      'wrong_prefix',
      /IfExists$|^ForAllValues|^Null$|Not/.test(operator) ? 'overly_permissive' : 'blocks_access',
      `.${operator}`,
      `The key ${describeValue(key)} names another issuer. It must start with ${name}, including the path.`,
      `Write ${name}:${claim}.`,
    );
  }
  const testsOf = (claim: string) =>
    all.filter(({ key }) => key.toLowerCase() === `${name}:${claim}`.toLowerCase());
  claimFindings('sub', facts.subject, testsOf('sub'), add, 'overly_permissive');
  claimFindings('aud', facts.audience, testsOf('aud'), add, 'weak');
  return findings;
}

function claimFindings(
  claim: 'sub' | 'aud',
  expected: string,
  tests: readonly ConditionTest[],
  add: Add,
  severityIfMissing: Severity,
): void {
  let isTested = false;
  for (const { operator, key, values } of tests) {
    const subpath = `.${operator}`;
    const [, set, base = '', ifExists] =
      /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
    if (base === 'Null') {
      add(
        'null_test',
        'redundant',
        subpath,
        `Null tests only whether ${key} is present, not its value.`,
        'Remove it.',
      );
      continue;
    }
    if (base.includes('Not')) {
      add(
        'negated',
        'redundant',
        subpath,
        `${operator} excludes the named values and admits all others.`,
        'Use StringEquals.',
      );
      continue;
    }
    if (!/^String(Equals|EqualsIgnoreCase|Like)$/.test(base)) continue;
    const wildcards = values.filter(
      (value) => (base === 'StringLike' && /[*?]/.test(value)) || value.includes('${'),
    );
    if (wildcards.length > 0) {
      add(
        'wildcard',
        severityIfMissing,
        subpath,
        `${describeValue(wildcards[0])} matches more than one ${claim === 'sub' ? 'subject' : 'audience'}.`,
        `Use StringEquals with ${expected}.`,
      );
      isTested = true;
      continue;
    }
    isTested = true;
    if (base !== 'StringEquals')
      add(
        base === 'StringLike' ? 'string_like' : 'ignore_case',
        'redundant',
        subpath,
        `${base} is wider than needed.`,
        'Use StringEquals.',
      );
    if (set === 'ForAllValues')
      add(
        'for_all_values',
        'weak',
        subpath,
        'ForAllValues is also true for a token without the claim.',
        'Use StringEquals.',
      );
    if (ifExists)
      add(
        'if_exists',
        'weak',
        subpath,
        'IfExists is also true for a token without the claim.',
        'Use StringEquals.',
      );
    if (!values.includes(expected)) {
      const reason = values[0] === undefined ? 'it is empty' : compare(expected, values[0])?.text;
      add(
        claim === 'sub' ? 'subject' : 'audience',
        'blocks_access',
        subpath,
        `${describeValue(values[0])} is not ${expected}: ${reason}.`,
        `Write ${expected}.`,
      );
    } else if (values.length > 1)
      add(
        claim === 'sub' ? 'other_subjects' : 'other_audiences',
        'weak',
        subpath,
        `${values.length - 1} more are admitted besides ${expected}.`,
        'Use a separate role for each connection.',
      );
  }
  if (!isTested)
    add(
      `${claim}_missing`,
      severityIfMissing,
      '',
      claim === 'sub'
        ? 'The subject is not tested: every customer of this issuer can assume the role.'
        : 'The audience is not tested: only the client ids of the provider restrict it.',
      `Add StringEquals with ${expected}.`,
    );
}

function testsIn(condition: unknown): ConditionTest[] {
  if (!isJsonObject(condition)) return [];
  return Object.entries(condition).flatMap(([operator, keys]) =>
    isJsonObject(keys)
      ? Object.entries(keys).map(([key, values]) => ({ operator, key, values: stringsIn(values) }))
      : [],
  );
}
