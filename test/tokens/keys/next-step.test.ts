import { describe, expect, test } from '@jest/globals';
import { nextStep, publishedKeys, type Ring } from '../../../src/tokens/keys/index.ts';
import { activate, revoke } from '../../../src/tokens/keys/ring.ts';
import { day, hour, noon, recordOf, ringOf, second, timing } from './records.ts';

const due = (ring: Ring, at: number) => nextStep(ring, ['ES256'], timing, at);

const active = recordOf('a', 'ES256', 'active');
const next = recordOf('n', 'ES256', 'next');
const retired = recordOf('r', 'ES256', 'retired');

describe('the next step', () => {
  test('for an empty ring creates an active key, then a next key', () => {
    expect(due(ringOf(), noon)).toEqual({ step: 'create', alg: 'ES256', state: 'active' });
    expect(due(ringOf(active), noon)).toEqual({ step: 'create', alg: 'ES256', state: 'next' });
    expect(due(ringOf(active, next), noon)).toBeUndefined();
  });

  test('is decided for each algorithm separately', () => {
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
  ])('activates the next key when the rotation is due: %s', (_, at, step) => {
    expect(due(ringOf(active, next), at)).toEqual(step);
  });

  test.each([
    ['a moment before its lead is over', noon + 30 * day + day - 1, undefined],
    ['when its lead is over', noon + 30 * day + day, { step: 'activate', kid: 'n' }],
  ])('waits for the publish_lead of a next key that was published late: %s', (_, at, step) => {
    const late = recordOf('n', 'ES256', 'next', { published_at: noon + 30 * day });
    expect(due(ringOf(active, late), at)).toEqual(step);
  });

  test.each([
    ['a moment before its plan', noon + 2 * day - 1, undefined],
    ['at its plan', noon + 2 * day, { step: 'activate', kid: 'n' }],
  ])('activates a scheduled next key at its time and not at the regular rotation: %s', (_, at, step) => {
    const planned = recordOf('n', 'ES256', 'next', { activate_at: noon + 2 * day });
    expect(due(ringOf(active, planned), at)).toEqual(step);
  });

  test('never activates a scheduled key before its publish_lead ends', () => {
    const planned = recordOf('n', 'ES256', 'next', { activate_at: noon });
    expect(due(ringOf(active, planned), noon + day - 1)).toBeUndefined();
  });

  test('skips a postponed key, but not other due steps', () => {
    const ring = ringOf(active, next, retired);
    expect(nextStep(ring, ['ES256'], timing, noon + 30 * day, (kid) => kid === 'n')).toEqual({
      step: 'remove',
      kid: 'r',
    });
  });

  test('activates the next key at once if no key is active, even before the end of its publish_lead', () => {
    expect(due(ringOf(next), noon)).toEqual({ step: 'activate', kid: 'n' });
    expect(due(ringOf(recordOf('x', 'ES256', 'revoked'), retired, next), noon)).toEqual({
      step: 'activate',
      kid: 'n',
    });
  });

  // Ten seconds for requests that started before the retirement, five minutes for a replica unaware of it.
  test.each([
    ['a moment before nobody needs it', noon + 26 * hour + 310 * second - 1, undefined],
    ['when nobody needs it', noon + 26 * hour + 310 * second, { step: 'remove', kid: 'r' }],
  ])('keeps a retired key for the longest token lifetime and the retention: %s', (_, at, step) => {
    expect(due(ringOf(retired, active, next), at)).toEqual(step);
  });

  test('never removes a revoked key, so that it cannot return', () => {
    const revoked = recordOf('x', 'ES256', 'revoked');
    expect(due(ringOf(revoked, active, { ...next, published_at: noon }), noon + 29 * day)).toBeUndefined();
  });
});

describe('a change of the ring', () => {
  test('that activates a key retires the previous one, deletes its private key, and increases the revision', () => {
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
    'that revokes a key in state $state keeps its record without its private key',
    (key) => {
      expect(revoke(ringOf(key), key.kid, noon + 1)).toEqual({
        id: 'ring',
        revision: 8,
        keys: [{ ...key, state: 'revoked', revoked_at: noon + 1, retired_at: null, sealed: null }],
      });
    },
  );
});

test('the JWKS lists active keys first and RS256 before ES256, without revoked keys', () => {
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
