import { describe, expect, test } from '@jest/globals';
import { nextStep, publishedKeys, type Ring } from '../../../src/tokens/keys/index.ts';
import { activate, revoke } from '../../../src/tokens/keys/ring.ts';
import { day, hour, noon, recordOf, ringOf, second, timing } from './records.ts';

const due = (ring: Ring, at: number) => nextStep(ring, ['ES256'], timing, at);

const active = recordOf('a', 'ES256', 'active');
const next = recordOf('n', 'ES256', 'next');
const retired = recordOf('r', 'ES256', 'retired');

describe('what is due next', () => {
  test('an empty ring gets a key that signs at once, then the one that follows it', () => {
    expect(due(ringOf(), noon)).toEqual({ step: 'create', alg: 'ES256', state: 'active' });
    expect(due(ringOf(active), noon)).toEqual({ step: 'create', alg: 'ES256', state: 'next' });
    expect(due(ringOf(active, next), noon)).toBeUndefined();
  });

  test('each algorithm of the server has keys of its own', () => {
    const both = (ring: Ring) => nextStep(ring, ['RS256', 'ES256'], timing, noon);
    expect(both(ringOf(active, next))).toEqual({ step: 'create', alg: 'RS256', state: 'active' });
    const rs = [recordOf('ra', 'RS256', 'active'), recordOf('rn', 'RS256', 'next')];
    expect(both(ringOf(...rs))).toEqual({ step: 'create', alg: 'ES256', state: 'active' });
    expect(both(ringOf(...rs, active, next))).toBeUndefined();
  });

  test.each([
    ['a moment before its turn', noon + 30 * day - 1, undefined],
    ['at its turn', noon + 30 * day, { step: 'activate', kid: 'n' }],
    ['long after it', noon + 300 * day, { step: 'activate', kid: 'n' }],
    ['with a clock that was set back', noon - day, undefined],
  ])('the next key takes over when the active one has signed for long enough: %s', (_, at, step) => {
    expect(due(ringOf(active, next), at)).toEqual(step);
  });

  test.each([
    ['a moment before its lead is over', noon + 30 * day + day - 1, undefined],
    ['when its lead is over', noon + 30 * day + day, { step: 'activate', kid: 'n' }],
  ])('a next key that was publishedKeys late is waited for: %s', (_, at, step) => {
    const late = recordOf('n', 'ES256', 'next', { published_at: noon + 30 * day });
    expect(due(ringOf(active, late), at)).toEqual(step);
  });

  test.each([
    ['a moment before its plan', noon + 2 * day - 1, undefined],
    ['at its plan', noon + 2 * day, { step: 'activate', kid: 'n' }],
  ])('a next key with a plan takes over then and not in its turn: %s', (_, at, step) => {
    const planned = recordOf('n', 'ES256', 'next', { activate_at: noon + 2 * day });
    expect(due(ringOf(active, planned), at)).toEqual(step);
  });

  test('a plan never makes a key sign before its lead is over', () => {
    const planned = recordOf('n', 'ES256', 'next', { activate_at: noon });
    expect(due(ringOf(active, planned), noon + day - 1)).toBeUndefined();
  });

  test('a key that is held back does not sign, and what else is due is done', () => {
    const ring = ringOf(active, next, retired);
    expect(nextStep(ring, ['ES256'], timing, noon + 30 * day, (kid) => kid === 'n')).toEqual({
      step: 'remove',
      kid: 'r',
    });
  });

  test('with no active key the next one signs at once, however young', () => {
    expect(due(ringOf(next), noon)).toEqual({ step: 'activate', kid: 'n' });
    expect(due(ringOf(recordOf('x', 'ES256', 'revoked'), retired, next), noon)).toEqual({
      step: 'activate',
      kid: 'n',
    });
  });

  // Ten seconds are for what was begun before the retirement, five minutes for a replica that did not hear of it.
  test.each([
    ['a moment before nobody needs it', noon + 26 * hour + 310 * second - 1, undefined],
    ['when nobody needs it', noon + 26 * hour + 310 * second, { step: 'remove', kid: 'r' }],
  ])('a retired key stays for the longest token and the retention: %s', (_, at, step) => {
    expect(due(ringOf(retired, active, next), at)).toEqual(step);
  });

  test('a revoked key is never dropped, so that it cannot come back', () => {
    const revoked = recordOf('x', 'ES256', 'revoked');
    expect(due(ringOf(revoked, active, { ...next, published_at: noon }), noon + 29 * day)).toBeUndefined();
  });
});

describe('a change of the ring', () => {
  test('activating retires the forerunner, which can never sign again, and raises the revision', () => {
    const other = recordOf('o', 'RS256', 'active');
    expect(activate(ringOf(active, next, other), 'n', noon + day)).toEqual({
      id: 'ring',
      revision: 8,
      keys: [
        { ...active, state: 'retired', retired_at: noon + day, sealed: null },
        { ...next, state: 'active', activated_at: noon + day },
        other,
      ],
    });
  });

  test.each([active, next, retired])(
    'revoking a key that is $state leaves its record without its private half',
    (key) => {
      expect(revoke(ringOf(key), key.kid, noon + 1)).toEqual({
        id: 'ring',
        revision: 8,
        keys: [{ ...key, state: 'revoked', revoked_at: noon + 1, retired_at: null, sealed: null }],
      });
    },
  );
});

test('the JWKS has signing keys first and RS256 before ES256, without revoked ones', () => {
  const keys = (['revoked', 'retired', 'next', 'active'] as const).flatMap((state) => [
    recordOf(`es-${state}`, 'ES256', state),
    recordOf(`rs-${state}`, 'RS256', state),
  ]);
  expect(publishedKeys(ringOf(...keys)).map(({ kid }) => kid)).toEqual([
    'rs-active',
    'es-active',
    'rs-next',
    'es-next',
    'rs-retired',
    'es-retired',
  ]);
  expect(publishedKeys(ringOf(recordOf('k', 'RS256', 'active')))).toEqual([
    { kty: 'RSA', use: 'sig', alg: 'RS256', kid: 'k', n: 'n', e: 'AQAB' },
  ]);
});
