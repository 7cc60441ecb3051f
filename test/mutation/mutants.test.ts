import { describe, expect, test } from '@jest/globals';
import { applyMutant, mutantsOf } from './mutants.ts';

const mutated = (source: string): string[] => mutantsOf(source).map((mutant) => applyMutant(source, mutant));

describe('the mutants of a source', () => {
  test.each<[string, readonly string[]]>([
    ['a < 3;', ['a <= 3;', 'a < 4;']],
    ['a ?? b;', ['((a) && (b));']],
    ['if (!a) b();', ['if (true) b();', 'if (false) b();', 'if ((a)) b();', 'if (!a) ;']],
    ['const f = (a: number) => ({ a });', ['const f = (a: number) => undefined;']],
    [
      'function f() { return true; }',
      ['function f() { return undefined; }', 'function f() { return false; }'],
    ],
    ['x = list.filter(isOpen);', [';', 'x = list;']],
    ["x += `a${b}` + 'c';", [';', "x -= `a${b}` + 'c';", "x += `` + 'c';", "x += `a${b}` + '';"]],
    [
      "const a = { b: ['c'] as const };",
      ['const a = { b: [] as const };', "const a = { b: [''] as const };"],
    ],
  ])('of %j are %j', (source, expected) => {
    expect(mutated(source)).toEqual(expected);
  });

  test.each([
    "import { a } from 'node:fs';",
    "export * from 'node:fs';",
    "interface A { readonly b: 'c' | 1 }",
    "type A = 'a';",
    "x = z.describe('The name.');",
    "logger.warn({ a: 1 }, 'a failed');",
  ])('do not change types, imports or the wording of logs and descriptions: %s', (source) => {
    expect(mutated(source).filter((text) => text !== ';')).toEqual([]);
  });

  test('have the line of their change', () => {
    expect(mutantsOf('const a = b;\nconst c = 1;\n').map(({ line }) => line)).toEqual([2]);
  });
});
