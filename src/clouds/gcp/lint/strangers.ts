/** Tokens of our issuer other than our own that a provider admits: one of every class that its expressions distinguish. */

import type { Expression } from './cel.ts';
import { unknown } from './cel-values.ts';
import type { ProviderRules } from './rules.ts';
import { literalsIn, subjectsFor } from './subjects.ts';
import { mapToken } from './tokens.ts';

export interface Stranger {
  readonly subject: string;
  /** The condition names exactly this subject. */
  readonly isNamed: boolean;
  /** Google maps it to the same `google.subject` as our token. */
  readonly becomesOurs: boolean;
  /** Everything that decides it is understood. */
  readonly isCertain: boolean;
}

export interface Strangers {
  readonly admitted: readonly Stranger[];
  /** No other subject can get in, except those of `admitted`. */
  readonly isComplete: boolean;
}

export function findStrangers(
  { mappings, condition, text, own, ofOwn }: ProviderRules,
  audiences: readonly string[],
): Strangers {
  // Nothing is known of a condition that cannot be read: everyone may get in.
  if (text !== undefined && !condition)
    return {
      admitted: [{ subject: anyId, isNamed: false, becomesOurs: false, isCertain: false }],
      isComplete: true,
    };
  const expressions = [
    ...(condition ? [condition] : []),
    ...mappings.flatMap(({ expression }) => expression ?? []),
  ] as readonly Expression[];
  const { examples, isComplete } = subjectsFor(expressions, own.subject, ofOwn.condition !== false);
  const isPinned = condition !== undefined && pinsSubject(condition);
  const jtis = ['d9e2', ...expressions.flatMap(literalsIn)].slice(0, 8);
  const admitted: Stranger[] = [];
  for (const { example: subject, isNamed } of examples.filter((one) => one.isNamed || !isPinned))
    for (const token of variants({ ...own, subject }, jtis, audiences)) {
      const outcome = mapToken(mappings, condition, token);
      if (outcome.failed !== undefined || (outcome.condition !== true && outcome.condition !== unknown))
        continue;
      const becomesOurs = outcome.subject === unknown || outcome.subject === ofOwn.subject;
      const isCertain = outcome.condition === true && !outcome.isUnknown;
      admitted.push({ subject, isNamed, becomesOurs, isCertain });
      break;
    }
  return { admitted, isComplete: isComplete || isPinned };
}

const anyId = `con_${'0'.repeat(26)}`;

function* variants<T extends { now: number }>(
  token: T,
  jtis: readonly string[],
  audiences: readonly string[],
) {
  for (const jti of jtis)
    for (const audience of new Set(audiences))
      for (const now of [token.now, token.now + 400 * 86_400_000]) yield { ...token, jti, audience, now };
}

/** Whether a required part compares the subject of the token with exact values: nothing else can widen it. */
function pinsSubject(expression: Expression): boolean {
  if (expression.op === '&&') return expression.args.some(pinsSubject);
  if (expression.op === '.' || expression.op === '[]') return isTokenSubject(expression);
  if (expression.op !== '==' && expression.op !== 'in') return false;
  const [left, right] = expression.args;
  const isLiteral = (node: Expression) => node.op === 'value' && typeof node.args === 'string';
  if (expression.op === 'in')
    return isTokenSubject(left) && right.op === 'list' && right.args.every(isLiteral);
  return (isTokenSubject(left) && isLiteral(right)) || (isTokenSubject(right) && isLiteral(left));
}

/** `assertion.sub`, not `google.subject`, which a mapping may have changed. */
export const isTokenSubject = (node: Expression): boolean =>
  (node.op === '.' &&
    node.args[0].op === 'id' &&
    node.args[0].args === 'assertion' &&
    node.args[1] === 'sub') ||
  (node.op === '[]' &&
    node.args[0].op === 'id' &&
    node.args[0].args === 'assertion' &&
    node.args[1].op === 'value' &&
    node.args[1].args === 'sub');
