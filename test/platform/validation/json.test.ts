import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasDuplicateName } from '../../../src/platform/validation/index.ts';

test('the output of JSON.stringify has no duplicate names', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => !hasDuplicateName(JSON.stringify(value))));
});

test('a duplicate member is found at any depth and in any spelling', () => {
  const spelled = (name: string) =>
    `"${name
      .split('')
      .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
      .join('')}"`;
  const name = fc.string({ minLength: 1, unit: 'grapheme-ascii' });
  fc.assert(
    fc.property(name, fc.jsonValue(), fc.nat(5), fc.boolean(), (key, value, depth, plainly) => {
      const again = plainly ? JSON.stringify(key) : spelled(key);
      const inner = `{${JSON.stringify(key)}:${JSON.stringify(value)},${JSON.stringify(`other ${key}`)}:1,${again}:2}`;
      const text = '[{"a":'.repeat(depth) + inner + '}]'.repeat(depth);
      JSON.parse(text);
      return hasDuplicateName(text);
    }),
  );
});

test.each([
  '{"a":{"b":1},"b":2}',
  '[{"a":1},{"a":2}]',
  '{"a":"{\\"a\\":1,\\"a\\":2}"}',
  '{"a":"\\\\","b":"a"}',
])('%s has no duplicate name', (text) => {
  expect(hasDuplicateName(text)).toBe(false);
});
