/** Patterns of presets: they match as the language's own engine does, and in linear time. */
import { performance } from 'node:perf_hooks';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { builtInPresets } from '../../src/clouds/presets/index.ts';
import { compileLinear } from '../../src/clouds/presets/linear-pattern.ts';

const natively = (pattern: string, text: string) => new RegExp(`^(?:${pattern})$`, 'u').test(text);

const faultOf = (pattern: string): string => {
  try {
    compileLinear(pattern);
    return '';
  } catch (error) {
    expect(error).toMatchObject({ code: 'config_invalid' });
    return (error as Error).message;
  }
};

const atoms = fc.constantFrom(
  ...['a', 'b', '.', '\\.', '\\d', '\\w', '[ab]', '[^a]', '[\\]a-]', '\\x61', '\\u0062', '\\u{1F600}'],
  ...['\\p{L}', '\\u{62}', '\\s', '\\/', '😀', '\\uD83D\\uDE00', '-', '\\\\', '\\cJ', '\\0'],
);
const patterns = fc.letrec<{ all: string; one: string; many: string; group: string }>((tie) => ({
  all: fc.oneof({ depthSize: 'small' }, tie('one'), tie('many'), tie('group')),
  one: fc
    .tuple(atoms, fc.constantFrom('', '*', '+', '?', '*?', '{2}', '{1,}', '{0,2}?', '{0}'))
    .map((p) => p.join('')),
  many: fc.array(tie('all'), { maxLength: 4 }).map((parts) => parts.join('')),
  group: fc
    .tuple(
      fc.constantFrom('(', '(?:', '(?<n>'),
      fc.array(tie('many'), { maxLength: 3 }),
      fc.constantFrom('', '*', '{1,3}'),
    )
    .map(([open, parts, times]) => `${open}${parts.join('|')})${times}`),
})).all;
const texts = fc.array(
  fc.constantFrom('a', 'b', 'ab', '-', '.', ']', '1', 'é', '😀', '\n', '\\', '/', ' ', '\0'),
  {
    maxLength: 8,
  },
);

describe('a pattern of a preset', () => {
  test('matches exactly what the engine of the language matches', () => {
    let compared = 0;
    let matched = 0;
    fc.assert(
      fc.property(patterns, fc.array(texts, { minLength: 5, maxLength: 5 }), (pattern, lists) => {
        try {
          new RegExp(pattern, 'u');
        } catch {
          // Two groups of one name.
          return;
        }
        // Groups in groups can be repeated too often.
        if (faultOf(pattern) === 'has too many or too large repetitions') return;
        const matches = compileLinear(pattern);
        for (const text of lists.map((parts) => parts.join(''))) {
          compared++;
          if (natively(pattern, text)) matched++;
          expect([pattern, text, matches(text)]).toEqual([pattern, text, natively(pattern, text)]);
        }
      }),
      { numRuns: 2_000 },
    );
    expect([compared > 5_000, matched > 500]).toEqual([true, true]);
  });

  test('of every built-in preset accepts its example', () => {
    const inputs = builtInPresets.flatMap(({ id, inputs }) =>
      Object.entries(inputs).flatMap(([name, { pattern, example }]) =>
        pattern === undefined ? [] : [{ name: `${id}.${name}`, pattern, example }],
      ),
    );
    expect(inputs.length).toBeGreaterThan(40);
    const accepts = inputs.map(({ name, pattern, example }) => [
      name,
      compileLinear(pattern)(example) || example.split(/[ ,]+/).every(compileLinear(pattern)),
    ]);
    expect(accepts).toEqual(inputs.map(({ name }) => [name, true]));
  });

  test.each([
    '(a+)+',
    '(a|a)*',
    '([a-z0-9]+-?)+',
    '(.*)*x',
    'a*a*a*a*a*a*a*b',
    '(a?){500}a{500}',
    '(a|aa){0,700}',
  ])('%s holds up nothing, whatever the text', (pattern) => {
    const matches = compileLinear(pattern);
    const startedAt = performance.now();
    expect(matches(`${'a'.repeat(511)}!`)).toBe(false);
    // Measured: up to 120 ms. The engine of the language needs years.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  test('rejects a text of more than 4000 characters', () => {
    const matches = compileLinear('a*');
    expect([matches('a'.repeat(4000)), matches('a'.repeat(4001))]).toEqual([true, false]);
  });

  test.each<[string, string]>([
    ['(?!a).*', 'must not have (?=, (?!, (?<=, (?<! or flags'],
    ['(?<=a)b', 'must not have (?=, (?!, (?<=, (?<! or flags'],
    ['(?i:a)', 'must not have (?=, (?!, (?<=, (?<! or flags'],
    ['^a', 'must not have ^: it always matches the whole value'],
    ['a$', 'must not have $: it always matches the whole value'],
    ['a\\b', 'must not have \\b: it always matches the whole value'],
    ['(a)\\1', 'must not refer to a group: \\1'],
    ['(?<n>a)\\k<n>', 'must not refer to a group: \\k'],
    ['a{1,5000}', 'has too many or too large repetitions'],
    // Four states each: too much for 4000.
    ['(a|b){1,1000}', 'has too many or too large repetitions'],
    ['((a{1,99}){1,99}){1,99}', 'has too many or too large repetitions'],
    ['(((){999999999}){999999999}){999999999}', 'has too many or too large repetitions'],
  ])('%s is refused: it %s', (pattern, fault) => {
    expect(() => new RegExp(pattern, 'u')).not.toThrow();
    expect(faultOf(pattern)).toBe(fault);
  });
});
