import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { unknownPart } from '../../../src/platform/store/index.ts';

const rule = z.strictObject({
  connection: z.string().exactOptional(),
  when: z.strictObject({ ref: z.string() }).exactOptional(),
});
const schema = z.strictObject({
  name: z.string().max(5),
  mode: z.enum(['enforce', 'audit']),
  auth: z.discriminatedUnion('method', [
    z.strictObject({ method: z.literal('secret') }),
    z.strictObject({ method: z.literal('tls'), names: z.array(z.string()).max(1) }),
  ]),
  pattern: z.union([z.string(), z.strictObject({ glob: z.string().max(3) })]),
  rules: z.array(rule),
  added: z.boolean(),
});

const known = {
  name: 'a',
  mode: 'enforce',
  auth: { method: 'secret' },
  pattern: { glob: 'a*' },
  rules: [{ connection: 'c' }],
  added: true,
};

describe('a stored document', () => {
  test.each<[string, object]>([
    ['that its schema describes', {}],
    ['with a value over a limit', { name: 'longer' }],
    ['with a value over a limit in one form of several', { pattern: { glob: 'longer' } }],
    ['of a time when a member did not exist', { added: undefined }],
    ['with values over a limit in a chosen form', { auth: { method: 'tls', names: ['a', 'b'] } }],
  ])('%s is known', (_, change) => {
    expect(unknownPart(schema, { ...known, ...change })).toBeUndefined();
  });

  test.each<[string, object, string]>([
    ['another member', { second: 1 }, 'second'],
    ['another member after a value over a limit', { name: 'longer', second: 1 }, 'second'],
    [
      'another member deep inside',
      { rules: [{}, { when: { ref: 'a', network: 'b' } }] },
      'rules.1.when.network',
    ],
    ['another value', { mode: 'strict' }, 'mode'],
    ['another form', { auth: { method: 'passkey' } }, 'auth'],
    ['another member of a chosen form', { auth: { method: 'tls', names: [], pinned: true } }, 'auth.pinned'],
    ['a form that none of several describes', { pattern: { regex: 'a' } }, 'pattern.'],
    ['another type', { name: { en: 'a' } }, 'name'],
  ])('with %s is not', (_, change, part) => {
    expect(unknownPart(schema, { ...known, ...change })).toEqual(
      expect.stringMatching(new RegExp(`^${part}`)),
    );
  });
});
