import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type KeyRecord, nextStep, publishedKeys, type Ring } from '../../../src/tokens/keys/index.ts';
import { activate, addKey, isReady, keyIn, removeKey, revoke } from '../../../src/tokens/keys/ring.ts';
import { day, hour, noon, recordOf, second, timing } from './records.ts';

const algorithms = ['RS256', 'ES256'] as const;

/** The events of a server: time passes while it runs, or an administrator rotates or revokes. */
type Event =
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'rotate' }
  | { readonly kind: 'revoke'; readonly which: number };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(20 * day) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(2 * hour) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('rotate' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('revoke' as const), which: fc.nat(20) }) },
);

interface Moment {
  readonly at: number;
  readonly event: Event | 'start';
  readonly before: Ring;
  readonly after: Ring;
}

/** Every state of a server since its first start. */
function lifeOf(events: readonly Event[]): Moment[] {
  let made = 0;
  let at = noon;
  let ring: Ring = { id: 'ring', revision: 0, keys: [] };
  const settle = () => {
    for (;;) {
      const step = nextStep(ring, algorithms, timing, at);
      if (!step) return;
      if (step.step === 'create') {
        const times = { published_at: at, activated_at: step.state === 'active' ? at : null };
        ring = addKey(ring, recordOf(`k${++made}`, step.alg, step.state, times));
      } else ring = step.step === 'remove' ? removeKey(ring, step.kid) : activate(ring, step.kid, at);
    }
  };
  const moments: Moment[] = [];
  for (const event of ['start' as const, ...events]) {
    const before = ring;
    if (event === 'start') settle();
    else if (event.kind === 'wait') at += event.ms;
    else if (event.kind === 'revoke') ring = revoke(ring, keyAt(ring, event.which).kid, at);
    else if (algorithms.every((alg) => isReady(keyIn(ring, alg, 'next')!, timing, at))) {
      for (const alg of algorithms) ring = activate(ring, keyIn(ring, alg, 'next')!.kid, at);
    }
    settle();
    moments.push({ at, event, before, after: ring });
  }
  return moments;
}

const keyAt = (ring: Ring, which: number): KeyRecord => ring.keys[which % ring.keys.length]!;
const leaversOf = (before: Ring, after: Ring) => [...kidsIn(before)].filter((kid) => !kidsIn(after).has(kid));
const kidsIn = (ring: Ring) => new Set(publishedKeys(ring).map(({ kid }) => kid));

const always = (holds: (life: readonly Moment[]) => void) =>
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => holds(lifeOf(events))));

describe('after any sequence of events', () => {
  test('each algorithm has exactly one active and one next key once the due steps have run', () => {
    always((life) => {
      for (const { after } of life) {
        for (const alg of algorithms) {
          const states = after.keys.filter((key) => key.alg === alg).map((key) => key.state);
          expect(states.filter((state) => state === 'active')).toHaveLength(1);
          expect(states.filter((state) => state === 'next')).toHaveLength(1);
        }
      }
    });
  });

  test('a key signs only after its publish_lead, except the first one and after a revocation', () => {
    always((life) => {
      for (const { at, event, before, after } of life) {
        const mayHurry = event === 'start' || event.kind === 'revoke';
        const signing = after.keys.filter((key) => key.state === 'active');
        for (const key of signing.filter(({ kid }) => stateIn(before, kid) !== 'active')) {
          if (!mayHurry) expect(at - key.published_at).toBeGreaterThanOrEqual(timing.publishLead);
        }
      }
    });
  });

  test('a key leaves the JWKS only by revocation, or when the retention after its last token has passed', () => {
    always((life) => {
      const retiredAt = new Map<string, number>();
      for (const { at, event, before, after } of life) {
        for (const key of before.keys) if (key.retired_at !== null) retiredAt.set(key.kid, key.retired_at);
        for (const kid of leaversOf(before, after)) {
          if (event !== 'start' && event.kind === 'revoke' && keyAt(before, event.which).kid === kid)
            continue;
          const stayed = at - (retiredAt.get(kid) ?? at);
          expect(stayed).toBeGreaterThanOrEqual(310 * second + timing.longestTokenLife + timing.retain);
        }
      }
    });
  });

  test('a kid that has left the JWKS never returns', () => {
    always((life) => {
      const gone = new Set<string>();
      for (const { before, after } of life) {
        for (const kid of leaversOf(before, after)) gone.add(kid);
        expect([...kidsIn(after)].filter((kid) => gone.has(kid))).toEqual([]);
      }
    });
  });

  test('the revision increases with every change and only then', () => {
    always((life) => {
      for (const { before, after } of life) {
        if (before === after) expect(after.revision).toBe(before.revision);
        else expect(after.revision).toBeGreaterThan(before.revision);
      }
    });
  });

  test('every key that will never sign again has lost its private key', () => {
    always((life) => {
      for (const { after } of life) {
        for (const { state, sealed } of after.keys) {
          expect(sealed !== null).toBe(state === 'active' || state === 'next');
        }
      }
    });
  });
});

const stateIn = (ring: Ring, kid: string) => ring.keys.find((key) => key.kid === kid)?.state;
