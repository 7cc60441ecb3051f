/** The lint of attribute conditions against a CEL evaluation: a condition that it calls narrow admits no other subject. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { conditionFinding } from '../../src/clouds/gcp/lint-condition.ts';
import { compileCondition, evaluate } from '../../src/sandbox/gcp/condition.ts';

const subject = 'con_a';

const words = [
  `assertion.sub=='${subject}'`,
  `"${subject}"==assertion.sub`,
  `assertion["sub"] == "${subject}"`,
  `google.subject=='${subject}'`,
  `assertion.sub in ['${subject}','con_b']`,
  `assertion.sub != '${subject}'`,
  ...['assertion.sub', "'con_b'", `'${subject}'`, "assertion.jti != 'x'", 'true', 'false'],
  ...['&&', '||', '==', '!=', '!', '?', ':', '(', ')', '[', ']', ',', ' in ', '+'],
  ...["'", '"', "'''", "r'", 'b"', '\\', "\\'", '//', '\n', ' ', 'x'],
];
/** Random tokens, most of them not valid CEL. */
const anyWords = fc
  .array(fc.constantFrom(...words), { minLength: 1, maxLength: 12 })
  .map((some) => some.join(' '));

/** Valid expressions with strings that look like expressions. */
const expressions = fc.letrec<{ whole: string; part: string }>((tie) => ({
  part: fc.oneof(
    fc.constantFrom(...words.slice(0, 6), 'true', 'false', "assertion.jti == 'x'"),
    fc
      .array(fc.constantFrom('x', ' && ', ' || ', ' // ', `assertion.sub=="${subject}"`), { maxLength: 5 })
      .map((some) => `assertion.jti != '${some.join('')}'`),
    fc.constantFrom(`r'\\' != ""`, `"\\'" == "x"`, `'''a'b''' != ""`),
    tie('whole').map((one) => `(${one})`),
    tie('whole').map((one) => `!(${one})`),
  ),
  whole: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('part'),
    fc
      .tuple(
        tie('part'),
        fc.constantFrom(' && ', '&&', ' || ', ' // \n && ', ' && true // \n || '),
        tie('whole'),
      )
      .map((parts) => parts.join('')),
    fc.tuple(tie('part'), tie('part'), tie('part')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
  ),
})).whole;

const lets = (condition: string, sub: string): boolean => {
  const compiled = compileCondition(condition);
  return (
    evaluate(compiled, { assertion: { sub, jti: 'j' }, google: { subject: sub }, attribute: {} }) === true
  );
};

test('the lint calls an attribute condition narrow only if it admits no other subject, and recognizes some narrow ones', () => {
  const seen = { narrow: 0, wide: 0 };
  fc.assert(
    fc.property(fc.oneof(anyWords, expressions), (condition) => {
      const narrow = conditionFinding(condition, subject) === undefined;
      const wide = lets(condition, 'con_z');
      if (narrow) seen.narrow++;
      if (wide) seen.wide++;
      expect({ condition, narrow: narrow && wide }).toEqual({ condition, narrow: false });
    }),
    { numRuns: 3_000 },
  );
  expect([seen.narrow > 30, seen.wide > 30]).toEqual([true, true]);
});
