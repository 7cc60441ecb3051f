/** Explains a condition that is false for our token. */
import { compare } from '../../compare.ts';
import { describeValue, type Finding } from '../../lint.ts';
import { providerName } from '../trust.ts';
import { claimOf, isUnderstood } from './keys.ts';
import type { Condition } from './operators.ts';
import { addressKeys, issuerKeys, type LintInput, timeKeys } from './request.ts';

/** A restriction of the customer stays; tests of our subject and audience are replaced by the right ones. */
export type FalseCondition = Finding & { readonly isRestriction: boolean };

export function explainFalse({ facts, target }: LintInput, condition: Condition): FalseCondition {
  const { operator, key, values, path } = condition;
  const explain = (rule: string, detail: string, advice: string, isRestriction: boolean): FalseCondition => ({
    ...{ rule, severity: 'blocks_access', path, detail, advice, isRestriction },
  });
  const claim = claimOf(facts.issuer, key);
  const value = describeValue(values.join(', '));
  if (claim === 'sub' || claim === 'aud') {
    const [expected, rule] = claim === 'sub' ? [facts.subject, 'subject'] : [facts.audience, 'audience'];
    const advice = `Write ${expected}.`;
    if (operator.base === 'Null' || operator.negated)
      return explain(
        operator.negated ? 'negated' : 'null_test',
        `${operator.text} excludes ${expected}.`,
        advice,
        false,
      );
    return explain(
      rule,
      `${describeValue(values[0])} is not ${expected}: ${difference(expected, values[0])}.`,
      advice,
      false,
    );
  }
  const [, prefix = '', suffix = ''] = /^(.*):(sub|aud)$/i.exec(key) ?? [];
  if (claim === undefined && suffix !== '')
    return explain(
      'wrong_prefix',
      `The key ${describeValue(key)} names another issuer. It must start with ${providerName(facts.issuer)}, including the path.`,
      `Write ${providerName(facts.issuer)}:${suffix.toLowerCase()}.`,
      !isSimilar(prefix, facts.issuer),
    );
  if (claim !== undefined)
    return explain(
      'unknown_claim',
      `AWS has no value of ${describeValue(key)} for this token. Keys of this issuer: ${issuerKeys.join(', ')}; of these, the token sets aud, oaud and sub.`,
      'Remove the condition, if the subject is enough for you.',
      !(
        claim === 'iss' && values.every((text) => text.replace('https://', '') === providerName(facts.issuer))
      ),
    );
  if (addressKeys.has(key.toLowerCase()))
    return explain(
      'address',
      `It asks for the address or network ${value}, which is not known to be the server's.`,
      'Add the addresses that the server calls from, or remove the condition.',
      true,
    );
  if (timeKeys.has(key.toLowerCase()))
    return explain(
      'date',
      `It is false now: ${operator.text} ${value}.`,
      'Write another time, or remove the condition.',
      true,
    );
  if (key.toLowerCase() === 'aws:requestedregion')
    return explain(
      'region',
      `STS is called in ${target.region}, not in ${value}.`,
      `Add ${target.region}.`,
      true,
    );
  return explain(
    isUnderstood(condition, facts.issuer) ? 'absent_key' : 'not_understood',
    `A web identity does not carry ${describeValue(key)} with a value that satisfies ${operator.text}.`,
    'Remove the condition, if the subject is enough for you.',
    true,
  );
}

/** A test of the subject or audience under another spelling of our issuer. */
export const isMistakenKey = (key: string, issuer: string): boolean =>
  claimOf(issuer, key) === undefined && /:(?:sub|aud)$/i.test(key) && isSimilar(key, issuer);

const isSimilar = (prefix: string, issuer: string): boolean =>
  prefix.toLowerCase().includes(providerName(issuer).split('/')[0]?.toLowerCase() as string);

/** How the value differs, in words. */
function difference(expected: string, actual: string | undefined): string {
  if (actual === undefined) return 'it is empty';
  return compare(expected, actual)?.text ?? 'the operator does not match it';
}
