import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { evaluate } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import {
  armString,
  caption,
  celString,
  HclExpression,
  hclDocument,
  hclString,
  shellCommand,
  shellWord,
} from '../../../src/clouds/encode/index.ts';
import { testWith } from '../../support/programs.ts';
import { carriable, hostileText, inTemporaryDirectory } from './arrange.ts';

const texts = fc.array(hostileText.map(carriable), { minLength: 20, maxLength: 40 });

describe('an encoded shell word', () => {
  test('reaches the program unchanged, with any characters', () => {
    const printArguments = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
    fc.assert(
      fc.property(texts, (words) => {
        const script = shellCommand([process.execPath, '-e', printArguments, '--', ...words]);
        const { stdout } = spawnSync('/bin/sh', ['-eu', '-c', script], { encoding: 'utf8', timeout: 10_000 });
        expect(JSON.parse(stdout)).toEqual(words);
      }),
      { numRuns: 10 },
    );
  });

  test('is quoted only if it needs quotes', () => {
    expect([shellWord('a-b/c=d'), shellWord(''), shellWord("it's")]).toEqual(['a-b/c=d', "''", "'it'\\''s'"]);
  });

  test('is refused if it contains NUL, which would truncate it', () => {
    expect(() => shellWord('a\0b')).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});

describe('an encoded HCL string', () => {
  testWith(['terraform'])('is read back by Terraform as it went in', () => {
    inTemporaryDirectory((cwd) =>
      fc.assert(
        fc.property(texts, (values) => {
          const { stdout } = spawnSync('terraform', ['console'], {
            input: `base64encode(jsonencode([${values.map(hclString).join(', ')}]))\n`,
            env: { PATH: process.env.PATH, HOME: cwd, CHECKPOINT_DISABLE: '1' },
            cwd,
            encoding: 'utf8',
            timeout: 15_000,
          });
          expect(JSON.parse(Buffer.from(stdout, 'base64').toString())).toEqual(values);
        }),
        { numRuns: 5 },
      ),
    );
  });

  test('never starts a template, even after other characters', () => {
    expect(['$', '$$', '%%'].map((sign) => hclString(`${sign}{a}`))).toEqual([
      '"\\u0024{a}"',
      '"\\u0024\\u0024{a}"',
      '"\\u0025\\u0025{a}"',
    ]);
  });
});

test('an HCL document aligns its values in columns and separates maps and blocks', () => {
  const written = hclDocument([
    {
      type: 'resource',
      labels: ['kind', 'this'],
      attributes: { count: new HclExpression('var.a ? 1 : 0'), names: ['a', 'b'], map: { a: 1, bcd: true } },
      blocks: [{ type: 'inner', attributes: { x: 'y' } }],
    },
    { type: 'variable', labels: ['a'], attributes: { default: '' } },
  ]);
  expect(written).toBe(`resource "kind" "this" {
  count = var.a ? 1 : 0
  names = ["a", "b"]

  map = {
    "a"   = 1
    "bcd" = true
  }

  inner {
    x = "y"
  }
}

variable "a" {
  default = ""
}
`);
});

test('an encoded CEL string evaluates to the original text', () => {
  fc.assert(
    fc.property(hostileText.map(carriable), (text) => {
      expect(evaluate(celString(text))).toBe(text);
    }),
    { numRuns: 300 },
  );
});

test('an encoded ARM string gets a second bracket only if it would be an expression', () => {
  expect(['[a]', '[[a]', '[a] b', 'a]', '[', '[]'].map(armString)).toEqual([
    '[[a]',
    '[[[a]',
    '[a] b',
    'a]',
    '[',
    '[[]',
  ]);
});

describe('a caption', () => {
  test('is one line of complete characters within its limit', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 8, max: 40 }), (text, limit) => {
        const written = caption(text, limit);
        expect(written.length).toBeLessThanOrEqual(limit);
        expect(written).toBe(written.toWellFormed().normalize('NFC'));
        expect(written).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u);
      }),
    );
  });

  test('keeps a text that fits, and ends a longer one in three dots', () => {
    expect([caption('acme "prod"\n', 11), caption('12345678901', 10), caption('😀'.repeat(9), 10)]).toEqual([
      'acme "prod"',
      '1234567...',
      `${'😀'.repeat(3)}...`,
    ]);
  });

  test('is encoded quickly even with 10 KB', () => {
    expect(caption('${'.repeat(5_000), 256)).toBe(`${'${'.repeat(126)}$...`);
  });
});
