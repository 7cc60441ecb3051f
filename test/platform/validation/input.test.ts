import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { nameField, read } from '../../../src/platform/validation/index.ts';
import { faultsOf } from '../../support/modules.ts';

const schema = z.strictObject({ name: nameField, inner: z.strictObject({ count: z.number() }) });

describe('input validation', () => {
  test('reports all faults with their paths in one error', async () => {
    expect(await faultsOf(() => read(schema, { inner: { count: 'x', more: 1 }, other: 2 }))).toEqual([
      { path: 'name', message: 'is missing' },
      { path: 'inner.count', message: 'invalid input: expected number, received string' },
      { path: 'inner.more', message: 'is not known here' },
      { path: 'other', message: 'is not known here' },
    ]);
  });

  test.each([
    [undefined, 'is missing'],
    [null, 'invalid input: expected object, received null'],
    [[], 'invalid input: expected object, received array'],
    ['{}', 'invalid input: expected object, received string'],
  ])('reports a body that is not an object as body: %j', async (body, message) => {
    expect(await faultsOf(() => read(schema, body))).toEqual([{ path: 'body', message }]);
  });

  test('prefixes paths as requested', async () => {
    expect(await faultsOf(() => read(schema, { name: 'x', inner: {} }, 'target'))).toEqual([
      { path: 'target.inner.count', message: 'is missing' },
    ]);
  });

  test('does not repeat an unusual name, which may be a misplaced secret', async () => {
    const secret = 'sjs_o9w0i-eCK0QYVsmxdb6-qrtFNNCtQbzO9o7v9rGvAOg';
    const body = { name: 'x', inner: { count: 1, [secret]: 1 }, [secret]: 1 };
    expect(await faultsOf(() => read(schema, body))).toEqual([
      { path: 'inner.(unreadable name)', message: 'is not known here' },
      { path: '(unreadable name)', message: 'is not known here' },
    ]);
  });

  test('treats names of the prototype like other unknown fields', async () => {
    const body: unknown = JSON.parse('{"name":"x","inner":{"count":1},"__proto__":{},"constructor":1}');
    expect(await faultsOf(() => read(schema, body))).toEqual([
      { path: '__proto__', message: 'is not known here' },
      { path: 'constructor', message: 'is not known here' },
    ]);
  });

  test('rejects __proto__ members at any depth', async () => {
    const records = z.strictObject({ rules: z.array(z.record(z.string(), z.string())) });
    const body: unknown = JSON.parse('{"rules":[{"env":"prod"},{"env":"prod","__proto__":"x"}]}');
    expect(await faultsOf(() => read(records, body, 'client'))).toEqual([
      { path: 'client.rules.1.__proto__', message: 'is not known here' },
    ]);
  });

  test('never repeats an input value', async () => {
    const secret = 'sjs_very-secret';
    for (const body of [{ name: [secret] }, { name: 'x', inner: { count: secret } }, secret]) {
      expect(JSON.stringify(await faultsOf(() => read(schema, body)))).not.toContain(secret);
    }
  });
});

describe('a display name', () => {
  test.each(['Acme', 'Ünïcode 株式会社 ❤️', "O'Neill & Sons <b>", 'a'.repeat(100)])('can be %j', (name) => {
    expect(read(nameField, name)).toBe(name);
  });

  test('is trimmed', () => {
    expect(read(nameField, '  Acme \n')).toBe('Acme');
  });

  test.each([
    ['', 'must not be empty'],
    ['   ', 'must not be empty'],
    ['a'.repeat(101), 'must have at most 100 characters'],
    ['a\nb', 'must not contain control characters'],
    ['a\u001b[31mb', 'must not contain control characters'],
    ['a\u0000b', 'must not contain control characters'],
    ['a\u2028b', 'must not contain control characters'],
    ['a\ud800b', 'must not contain control characters'],
  ])('%j is refused', async (name, message) => {
    expect(await faultsOf(() => read(nameField, name, 'name'))).toEqual([{ path: 'name', message }]);
  });
});
