/** Findings about the attribute condition of a provider. */
import { compare } from '../../compare.ts';
import type { SetupFacts } from '../../contract/index.ts';
import { describeValue, type Finding, type Severity } from '../../lint.ts';
import type { Expression } from './cel.ts';
import { unknown } from './cel-values.ts';
import { conjuncts } from './correct-condition.ts';
import { conditionFor, type ProviderRules } from './rules.ts';
import type { Strangers } from './strangers.ts';
import { literalsIn } from './subjects.ts';
import { mapToken } from './tokens.ts';

/** Google's limit, in characters. */
const maxCondition = 4096;

export function conditionFindings(
  facts: SetupFacts,
  rules: ProviderRules,
  { admitted, isComplete }: Strangers,
): readonly Finding[] {
  const findings: Finding[] = [];
  const add = (
    rule: string,
    severity: Severity,
    detail: string,
    advice = `Write ${conditionFor([facts.subject])}.`,
  ) => findings.push({ rule, severity, path: 'attributeCondition', detail, advice });
  const { text, condition, ofOwn, mappings, own, isConstant } = rules;
  if (text === undefined) {
    add(
      'condition_missing',
      'overly_permissive',
      `There is no attribute condition: the pool accepts every subject of this issuer, for example con_${'0'.repeat(26)}.`,
    );
    return findings;
  }
  const written = describeValue(text);
  if (text.length > maxCondition)
    add('not_accepted', 'blocks_access', `Google allows ${maxCondition} characters.`);
  const isOut = condition !== undefined && ofOwn.condition !== true && ofOwn.condition !== unknown;
  const failing = isOut
    ? conjuncts(condition).filter((part) => mapToken(mappings, part, own).condition !== true)
    : [];
  const ofSubject = failing.filter(isAboutSubject);
  // While our own token is out, only subjects that the issuer has count.
  const open = admitted.find(
    ({ isNamed, subject }) => !isNamed && (!isOut || /^(?:probe_)?con_[a-z0-9_]*$/.test(subject)),
  );
  if (open && !(open.becomesOurs && !isConstant && !isOut && condition))
    add(
      'condition_weak',
      'overly_permissive',
      `${written} does not restrict the subject to one value: ${describeValue(open.subject)} ${open.isCertain ? 'gets' : 'may get'} in, for example.`,
    );
  if (ofSubject.length > 0 && !isConstant) {
    const [value] = ofSubject.flatMap(literalsIn);
    add(
      'subject',
      'blocks_access',
      value === undefined
        ? `${written} excludes ${facts.subject}.`
        : `${describeValue(value)} is not ${facts.subject}: ${compare(facts.subject, value)?.text ?? 'the condition excludes it'}.`,
    );
  } else if (isOut && !isConstant)
    add(
      'condition_false',
      'blocks_access',
      `${written} is never true for our tokens, whose claims are iss, sub, aud, iat, nbf, exp and jti.`,
      'Remove what excludes them, if the subject is enough for you.',
    );
  else if (!open && (ofOwn.condition === unknown || !isComplete))
    add(
      'not_understood',
      'weak',
      `A part of ${written} is not understood.`,
      ofOwn.condition === unknown ? 'Check it yourself, or remove that part.' : undefined,
    );
  const named = admitted.filter(({ isNamed }) => isNamed).map(({ subject }) => subject);
  if (!isOut && !open && named.length > 0)
    add('other_subjects', 'weak', `${describeValue(named.join(', '))} gets in as well.`);
  return findings;
}

/** Whether the value depends on the subject of the token. */
const isAboutSubject = (node: Expression): boolean =>
  /"(?:sub|subject)"/.test(JSON.stringify(argumentsOf(node)));

const argumentsOf = (node: unknown): unknown => {
  if (Array.isArray(node)) return node.map(argumentsOf);
  if (typeof node === 'object' && node !== null && 'op' in node)
    return argumentsOf((node as Expression).args);
  return typeof node === 'bigint' ? null : node;
};
