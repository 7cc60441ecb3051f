import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { isId, newId } from '../../../src/platform/ids/index.ts';
import { noon } from '../../support/modules.ts';

test('an id is lower-case, 30 characters long and without characters that clouds treat as wildcards', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (ms) => {
      const id = newId('con', () => ms);
      expect(id).toMatch(/^con_[0-9a-z]{26}$/);
      expect(isId('con', id)).toBe(true);
    }),
  );
});

test('ids sort by creation time', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 47), fc.integer({ min: 1, max: 2 ** 40 }), (ms, later) => {
      expect(newId('ten', () => ms) < newId('ten', () => ms + later)).toBe(true);
    }),
  );
});

test('ids are unique, even within one millisecond', () => {
  const ids = Array.from({ length: 20_000 }, () => newId('cli', () => noon));
  expect(new Set(ids).size).toBe(20_000);
});

test.each([
  'con_01jd0000000000000000000000'.toUpperCase(),
  'con_01jd000000000000000000000',
  'con_01jd00000000000000000000000',
  'con_01jd000000000000000000000i',
  'ten_01jd0000000000000000000000',
  'con_01jd0000000000000000000000\n',
  'con_*',
  '',
])('%j is not a connection id', (text) => {
  expect(isId('con', text)).toBe(false);
});
