import { describe, expect, test } from '@jest/globals';
import { guardsField } from '../../../src/access/policy/index.ts';
import { newId } from '../../../src/platform/ids/index.ts';
import { read } from '../../../src/platform/validation/index.ts';
import { faultsOf, noon } from '../../support/modules.ts';

const guard = { name: 'g', match: {}, require: { methods: ['federated'] } };
const named = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...guard, name: `g${index}` }));

describe('guards', () => {
  test('are at most 100 and enforce by default', () => {
    expect(read(guardsField, named(100))).toEqual(named(100).map((each) => ({ ...each, mode: 'enforce' })));
  });

  test('keep their mode, selectors and conditions', () => {
    const match = { tenant: newId('ten', () => noon), cloud: 'aws', labels: { env: 'prod' } };
    const full = { name: '0-a'.padEnd(63, 'z'), match, require: { purposes: ['read'] }, mode: 'audit' };
    expect(read(guardsField, [full])).toEqual([full]);
  });

  const nameRule = 'must be a name of lower-case letters, digits and hyphens';
  test.each<[string, readonly object[], string, string]>([
    ['101 guards', named(101), 'body', 'must be 100 guards at most'],
    ['a name with 64 characters', [{ ...guard, name: 'a'.repeat(64) }], '0.name', nameRule],
    ['a name that begins with a hyphen', [{ ...guard, name: '-a' }], '0.name', nameRule],
    ['an empty name', [{ ...guard, name: '' }], '0.name', nameRule],
    [
      'a name twice',
      [guard, { ...guard, name: 'h' }, guard],
      '2.name',
      'is already the name of another guard',
    ],
    [
      'a connection with another selector',
      [{ ...guard, match: { connection: newId('con', () => noon), cloud: 'aws' } }],
      '0.match.connection',
      'cannot be combined with other selectors',
    ],
    [
      'no condition',
      [{ ...guard, require: {} }],
      '0.require',
      'must contain claims, methods, hours or purposes',
    ],
    ['another mode', [{ ...guard, mode: 'warn' }], '0.mode', 'must be enforce or audit'],
    ['another member', [{ ...guard, when: {} }], '0.when', 'is not known here'],
  ])('cannot have %s', async (_, guards, path, message) => {
    expect(await faultsOf(() => read(guardsField, guards))).toEqual([{ path, message }]);
  });
});
