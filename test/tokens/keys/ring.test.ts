/** The pure functions of the ring on hand-made records: whole rings and exact times; next-step.test.ts has the steps. */
import { describe, expect, test } from '@jest/globals';
import { clockToleranceMs } from '../../../src/platform/time/index.ts';
import {
  activate,
  addKey,
  dueAt,
  isReady,
  keyAheadOf,
  keyIn,
  mayFinish,
  missingNextKey,
  readyAt,
  removableAt,
  removeKey,
  replaceSealed,
  revoke,
  ringToRestore,
  scheduleActivation,
  successorOf,
} from '../../../src/tokens/keys/ring.ts';
import { day, hour, noon, recordOf, ringOf, second, timing } from './records.ts';

const active = recordOf('a', 'ES256', 'active');
const next = recordOf('n', 'ES256', 'next');
const retired = recordOf('r', 'ES256', 'retired');
const otherActive = recordOf('oa', 'RS256', 'active');
const otherNext = recordOf('on', 'RS256', 'next');
const changed = (...keys: readonly object[]) => ({ id: 'ring', revision: 8, keys });

describe('the times of a key', () => {
  test('are exact', () => {
    expect([readyAt(next, timing), removableAt(noon, timing)]).toEqual([
      noon + day,
      noon + 300 * second + 10 * second + hour + 25 * hour,
    ]);
    expect([noon + day - 1, noon + day].map((now) => isReady(next, timing, now))).toEqual([false, true]);
  });

  test('let a request finish with a retired key for ten seconds, and with no other key', () => {
    expect([noon, noon + 9_999, noon + 10_000].map((now) => mayFinish(retired, now))).toEqual([
      true,
      true,
      false,
    ]);
    expect([active, next].map((key) => mayFinish(key, noon))).toEqual([false, false]);
  });

  test.each<[string, object, object, number]>([
    ['the regular rotation', {}, {}, noon + 30 * day],
    ['its schedule', {}, { activate_at: noon + 2 * day }, noon + 2 * day],
    ['the end of its publish_lead, if the schedule is earlier', {}, { activate_at: noon }, noon + day],
    ['never, if the active key has no time', { activated_at: null }, {}, Infinity],
  ])('let the next key take over at %s', (_, ofActive, ofNext, at) => {
    expect(dueAt({ ...active, ...ofActive }, { ...next, ...ofNext }, timing)).toBe(at);
  });
});

describe('a key ahead of the clock', () => {
  const ahead = noon + clockToleranceMs + 1;
  test.each([
    ['next', { published_at: ahead }, { kid: 'k', at: ahead }],
    ['next', { published_at: ahead - 1 }, undefined],
    ['next', { activate_at: ahead }, undefined],
    ['active', { activated_at: ahead }, { kid: 'k', at: ahead }],
    ['active', { published_at: ahead }, undefined],
    ['active', { activated_at: null }, undefined],
    ['retired', { retired_at: ahead }, { kid: 'k', at: ahead }],
    ['retired', { activated_at: ahead }, undefined],
    ['revoked', { revoked_at: ahead, published_at: ahead }, undefined],
  ] as const)('in state %s with %j is %j', (state, times, found) => {
    expect(keyAheadOf(ringOf(active, recordOf('k', 'ES256', state, times)), noon)).toEqual(found);
  });
});

describe('a key in the ring', () => {
  const ring = ringOf(otherActive, active, otherNext, next, retired);

  test('is found by algorithm and state', () => {
    expect([keyIn(ring, 'ES256', 'active'), keyIn(ring, 'RS256', 'next')]).toEqual([active, otherNext]);
    expect(keyIn(ring, 'RS256', 'retired')).toBeUndefined();
  });

  test('has a successor of its algorithm only while it is active', () => {
    expect([successorOf(ring, 'a'), successorOf(ring, 'oa')]).toEqual([next, otherNext]);
    expect(['n', 'r', 'missing'].map((kid) => successorOf(ring, kid))).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(successorOf(ringOf(active, otherNext), 'a')).toBeUndefined();
  });

  test('can be missing as a next key, for the first such algorithm', () => {
    expect(missingNextKey(ringOf(active, otherActive), ['RS256', 'ES256'])).toEqual({
      ...{ step: 'create', alg: 'RS256', state: 'next' },
    });
    expect(missingNextKey(ringOf(active, otherNext), ['RS256', 'ES256'])).toEqual({
      ...{ step: 'create', alg: 'ES256', state: 'next' },
    });
    expect(missingNextKey(ring, ['RS256', 'ES256'])).toBeUndefined();
  });
});

describe('a change of the ring', () => {
  test('schedules all next keys and no others, or takes the schedule back', () => {
    const planned = noon + 2 * day;
    expect(scheduleActivation(ringOf(active, next, retired, otherNext), planned)).toEqual(
      changed(active, { ...next, activate_at: planned }, retired, { ...otherNext, activate_at: planned }),
    );
    expect(scheduleActivation(ringOf({ ...next, activate_at: planned }), null)).toEqual(changed(next));
  });

  test('takes a schedule off the key that it activates', () => {
    const planned = { ...next, activate_at: noon + day };
    expect(activate(ringOf(active, planned, retired, otherActive), 'n', noon + day)).toEqual(
      changed(
        { ...active, state: 'retired', retired_at: noon + day, sealed: null },
        { ...next, state: 'active', activated_at: noon + day },
        retired,
        otherActive,
      ),
    );
  });

  test('activates the next key of the same algorithm in the step that revokes the active one', () => {
    const planned = { ...next, activate_at: noon + day };
    expect(revoke(ringOf(otherActive, otherNext, active, planned, retired), 'a', noon + 1)).toEqual(
      changed(
        otherActive,
        otherNext,
        { ...active, state: 'revoked', revoked_at: noon + 1, sealed: null },
        { ...next, state: 'active', activated_at: noon + 1 },
        retired,
      ),
    );
  });

  test('takes its schedule off a next key that it revokes, and keeps the active key', () => {
    const planned = { ...next, activate_at: noon + day };
    expect(revoke(ringOf(active, planned), 'n', noon + 1)).toEqual(
      changed(active, { ...next, state: 'revoked', revoked_at: noon + 1, sealed: null }),
    );
  });

  test('adds, removes or encrypts one key', () => {
    const ring = ringOf(active, next);
    expect(addKey(ring, retired)).toEqual(changed(active, next, retired));
    expect(removeKey(ringOf(active, retired, next), 'r')).toEqual(changed(active, next));
    expect(replaceSealed(ring, 'n', 'again')).toEqual(changed(active, { ...next, sealed: 'again' }));
  });
});

describe('a ring that is restored to an older store', () => {
  const later = noon + hour;

  test('starts the times of what the store does not know, and keeps all others', () => {
    const stored = ringOf(active, next);
    const ring = ringOf({ ...active, state: 'retired', retired_at: noon }, { ...next, state: 'active' });
    const third = recordOf('n2', 'ES256', 'next');
    expect(ringToRestore(addKey(ring, third), stored, later)).toEqual({
      ...addKey(ring, third),
      keys: [
        { ...active, state: 'retired', retired_at: later },
        { ...next, state: 'active' },
        { ...third, published_at: later },
      ],
    });
    expect(ringToRestore(ringOf(next, retired), ringOf(next, retired), later)).toEqual(ringOf(next, retired));
  });

  test('starts them for every key if there is no stored ring', () => {
    expect(ringToRestore(ringOf(active, next, { ...retired, retired_at: null }), undefined, later)).toEqual(
      ringOf(active, { ...next, published_at: later }, { ...retired, retired_at: later }),
    );
  });

  test('never has an earlier time than recorded', () => {
    const ring = ringOf(next, retired);
    expect(ringToRestore(ring, undefined, noon - hour)).toEqual(ring);
  });
});
