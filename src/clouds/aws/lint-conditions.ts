/** What a trust policy asks of a token: exactly one audience and one subject, or less than that. */
import type { SetupFacts } from '../contract.ts';
import { difference } from '../difference.ts';
import { describeValue, type Finding, isJsonObject, type Severity, stringsIn } from '../lint.ts';
import { providerName } from './trust.ts';

interface Asked {
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

type Add = (rule: string, severity: Severity, at: string, detail: string, advice: string) => void;

export function conditionFindings(facts: SetupFacts, condition: unknown, where: string): Finding[] {
  const findings: Finding[] = [];
  const add: Add = (rule, severity, at, detail, advice) =>
    findings.push({ rule, severity, where: `${where}${at}`, detail, advice });
  const all = testsIn(condition);
  const name = providerName(facts.issuer);
  for (const { operator, key } of all) {
    const [, prefix = '', claim = ''] = /^(.*):(sub|aud)$/i.exec(key) ?? [];
    if (claim === '' || prefix.toLowerCase() === name.toLowerCase()) continue;
    add(
      'wrong_prefix',
      /IfExists$|^ForAllValues|^Null$|Not/.test(operator) ? 'stranger' : 'closed',
      `.${operator}`,
      `The key ${describeValue(key)} is about another issuer: ours is ${name}, path included.`,
      `Write ${name}:${claim}.`,
    );
  }
  const of = (claim: string) =>
    all.filter(({ key }) => key.toLowerCase() === `${name}:${claim}`.toLowerCase());
  claimFindings('sub', facts.subject, of('sub'), add, 'stranger');
  claimFindings('aud', facts.audience, of('aud'), add, 'weak');
  return findings;
}

function claimFindings(
  claim: 'sub' | 'aud',
  wanted: string,
  tests: readonly Asked[],
  add: Add,
  whenMissing: Severity,
): void {
  let holds = false;
  for (const { operator, key, values } of tests) {
    const at = `.${operator}`;
    const [, set, base = '', lax] =
      /^(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?$/.exec(operator) ?? [];
    if (base === 'Null') {
      add('null_test', 'untidy', at, `Null asks whether ${key} is there, not what it says.`, 'Take it out.');
      continue;
    }
    if (base.includes('Not')) {
      add(
        'negated',
        'untidy',
        at,
        `${operator} keeps out what it names and lets in all others.`,
        'Use StringEquals.',
      );
      continue;
    }
    if (!/^String(Equals|EqualsIgnoreCase|Like)$/.test(base)) continue;
    const wide = values.filter(
      (value) => (base === 'StringLike' && /[*?]/.test(value)) || value.includes('${'),
    );
    if (wide.length > 0) {
      add(
        'wildcard',
        whenMissing,
        at,
        `${describeValue(wide[0])} stands for more than one ${claim === 'sub' ? 'subject' : 'audience'}.`,
        `Use StringEquals with ${wanted}.`,
      );
      holds = true;
      continue;
    }
    holds = true;
    if (base !== 'StringEquals')
      add(
        base === 'StringLike' ? 'string_like' : 'ignore_case',
        'untidy',
        at,
        `${base} is wider than needed.`,
        'Use StringEquals.',
      );
    if (set === 'ForAllValues')
      add(
        'for_all_values',
        'weak',
        at,
        'ForAllValues is true of a token without the claim.',
        'Use StringEquals.',
      );
    if (lax)
      add('if_exists', 'weak', at, 'IfExists is true of a token without the claim.', 'Use StringEquals.');
    if (!values.includes(wanted)) {
      const words = values[0] === undefined ? 'it is empty' : difference(wanted, values[0])?.words;
      add(
        claim === 'sub' ? 'subject' : 'audience',
        'closed',
        at,
        `${describeValue(values[0])} is not ${wanted}: ${words}.`,
        `Write ${wanted}.`,
      );
    } else if (values.length > 1)
      add(
        claim === 'sub' ? 'other_subjects' : 'other_audiences',
        'weak',
        at,
        `${values.length - 1} more are let in beside ${wanted}.`,
        'Give each connection a role of its own.',
      );
  }
  if (!holds)
    add(
      `${claim}_missing`,
      whenMissing,
      '',
      claim === 'sub'
        ? 'The subject is not tested: every customer of this issuer can enter.'
        : 'The audience is not tested: only the client ids of the provider hold.',
      `Add StringEquals with ${wanted}.`,
    );
}

function testsIn(condition: unknown): Asked[] {
  if (!isJsonObject(condition)) return [];
  return Object.entries(condition).flatMap(([operator, keys]) =>
    isJsonObject(keys)
      ? Object.entries(keys).map(([key, values]) => ({ operator, key, values: stringsIn(values) }))
      : [],
  );
}
