/** Globs: their meaning, and their cost for values from unauthenticated callers. */
import { expect, test } from '@jest/globals';
import { matcherOf } from '../../../src/access/federation/index.ts';

/** A reference implementation: always correct, but slow for adversarial input. */
const byDefinition = (glob: string) =>
  new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replaceAll('.', '\\.'))
      .join('[^/:]+')}$`,
    'u',
  );

/** All texts of these characters up to a length. */
const textsOf = (characters: readonly string[], longest: number): string[] =>
  longest === 0
    ? ['']
    : ['', ...textsOf(characters, longest - 1).flatMap((text) => characters.map((one) => one + text))];

test('a glob matches exactly what the reference implementation matches', () => {
  const globs = textsOf(['a', '.', '/', '*'], 5).filter((text) => /\*/.test(text) && !text.includes('**'));
  const values = [...new Set([...textsOf(['a', '.', '/'], 6), ...textsOf(['a', ':', '😀'], 4)])];
  const differing: [string, string][] = [];
  let fitting = 0;
  for (const glob of new Set(globs)) {
    const [defined, fits] = [byDefinition(glob), matcherOf({ glob })];
    for (const value of values) {
      const expected = defined.test(value);
      if (expected) fitting += 1;
      if (fits(value) !== expected) differing.push([glob, value]);
    }
  }
  expect(differing).toEqual([]);
  expect(fitting).toBeGreaterThan(1_000);
});

test('an adversarial value does not slow a glob down, with any number of stars', () => {
  // Tried in every way, each star would multiply the work by the length of the value.
  const fits = matcherOf({ glob: `refs/tags/v${'*.'.repeat(40)}*` });
  expect(fits(`refs/tags/v${'.'.repeat(2_000)}/`)).toBe(false);
  expect(fits(`refs/tags/v${'1.'.repeat(900)}0`)).toBe(true);
});
