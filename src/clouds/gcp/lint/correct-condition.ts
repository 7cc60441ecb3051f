/** The attribute condition and the mapping of a corrected provider: our subject, and whatever else the customer asks for. */
import { serialize } from '@marcbachmann/cel-js';
import type { SetupFacts } from '../../contract/index.ts';
import type { Expression } from './cel.ts';
import { conditionFor, type ProviderRules, rulesOf } from './rules.ts';
import { findStrangers, isTokenSubject, type Strangers } from './strangers.ts';
import { childrenOf } from './subjects.ts';
import { mapToken } from './tokens.ts';

/** The operands of the outermost `&&`. */
export const conjuncts = (node: Expression): readonly Expression[] =>
  node.op === '&&' ? node.args.flatMap(conjuncts) : [node];

export type CorrectedRules = Readonly<Record<'attributeMapping' | 'attributeCondition', unknown>>;

/** Google's limit, in characters. */
const maxMapping = 2048;
const mappingKey = /^(?:google\.(?:subject|groups|display_name)|attribute\.[a-z0-9_]{1,90})$/;

export const isAcceptedMapping = (key: string, expression: unknown): boolean =>
  mappingKey.test(key) && String(expression).length <= maxMapping;

/**
 * Undefined if the customer has to choose: a part of the condition that is not about the subject keeps our token out, or is not
 * understood.
 */
export function correctRules(
  facts: SetupFacts,
  rules: ProviderRules,
  { admitted, isComplete }: Strangers,
  now: number,
): CorrectedRules | undefined {
  const { mapping, mappings, text, condition, own, ofOwn, isConstant } = rules;
  const isOwnAdmitted = ofOwn.condition === true && text !== undefined;
  const isNameKept =
    !isConstant && ofOwn.subject === facts.subject && !admitted.some(({ becomesOurs }) => becomesOurs);
  const attributeMapping = {
    ...Object.fromEntries(
      mappings
        .filter(
          (one) =>
            mapToken([one], undefined, own).failed === undefined &&
            isAcceptedMapping(one.key, mapping[one.key]),
        )
        .map(({ key }) => [key, mapping[key]]),
    ),
    ...(isNameKept ? {} : { 'google.subject': 'assertion.sub' }),
  };
  const isClosed = isOwnAdmitted && isComplete && admitted.every(({ isNamed }) => isNamed);
  const attributeCondition = isClosed ? text : rewritten();
  if (attributeCondition === undefined) return undefined;
  const after = rulesOf(facts, { attributeMapping, attributeCondition }, now);
  const strangers = findStrangers(after, [facts.audience]);
  const isRight =
    after.ofOwn.condition === true &&
    after.ofOwn.failed === undefined &&
    after.ofOwn.subject === facts.subject &&
    strangers.isComplete &&
    strangers.admitted.every(({ isNamed, becomesOurs }) => isNamed && !becomesOurs);
  return isRight ? { attributeMapping, attributeCondition } : undefined;

  /** Our subject and the named ones in place of all that is about the subject alone. */
  function rewritten(): string | undefined {
    if (text !== undefined && !condition) return undefined;
    const kept = condition ? conjuncts(condition).filter((part) => !isAboutSubjectAlone(part)) : [];
    const named = admitted
      .filter(({ isNamed, subject }) => isNamed && (isOwnAdmitted || isId(subject)) && keepsName(subject))
      .map(({ subject }) => subject);
    return [conditionFor([facts.subject, ...named]), ...kept.map(operandOf)].join(' && ');
  }

  function keepsName(subject: string): boolean {
    const outcome = mapToken(mappings, condition, { ...own, subject });
    return outcome.condition === true && outcome.subject === subject;
  }
}

/** While our own token is out, a name that the issuer cannot sign is a mistake for ours. */
const isId = (subject: string): boolean => /^con_[a-z0-9_]+$/.test(subject);

const operandOf = (node: Expression): string =>
  node.op === '||' || node.op === '?:' ? `(${serialize(node)})` : serialize(node);

/** Whether the value depends on the subject of the token and on nothing else. */
const isAboutSubjectAlone = (node: Expression): boolean => {
  const variables = variablesIn(node);
  return variables.length > 0 && variables.every(isSubject);
};

const isSubject = (node: Expression): boolean =>
  isTokenSubject(node) ||
  (node.op === '.' &&
    node.args[0].op === 'id' &&
    node.args[0].args === 'google' &&
    node.args[1] === 'subject');

/** The subjects, and all other variables. */
const variablesIn = (node: Expression): readonly Expression[] =>
  node.op === 'id' || isSubject(node) ? [node] : childrenOf(node.args).flatMap(variablesIn);
