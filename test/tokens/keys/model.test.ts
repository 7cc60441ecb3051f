/** Model check: visits every state that two replicas, a store and the verifiers can reach. No random sampling. */
import { describe, expect, test } from '@jest/globals';
import { nextStep } from '../../../src/tokens/keys/ring.ts';
import {
  honest,
  isServing,
  kidsOf,
  maxAge,
  promised,
  type Rules,
  signable,
  stepsFrom,
  tick,
  type World,
} from './model.ts';
import { firstWorld, keyOf, settled } from './model-state.ts';
import { noon } from './records.ts';

/** The promises that are broken in this world. */
function broken(world: World, rules: Rules): string[] {
  const { store, replicas, history } = world;
  const ready = replicas.filter((replica) => isServing(replica, rules));
  const signing = new Set(replicas.flatMap((replica) => signable(replica, rules)));
  const faults: string[] = [];
  for (const { keys } of [store, ...ready.map(({ ring }) => ring)]) {
    const active = keys.filter(({ state }) => state === 'active').length;
    if (active > 1) faults.push('two keys are active');
    if (active === 0 && !keys.some(({ state }) => state === 'revoked')) faults.push('no key is active');
    if (new Set(keys.map(({ kid }) => kid)).size < keys.length) faults.push('a kid is there twice');
  }
  const due = nextStep(store, ['ES256'], promised, noon);
  if (
    !store.keys.some(({ state }) => state === 'active') &&
    due?.step !== 'activate' &&
    due?.step !== 'create'
  )
    faults.push('no key is active, and none is about to be');
  for (const [at, { signed, lacked, seen, known, early, revoked }] of history.entries()) {
    const kid = `k${at}`;
    if (seen === 'back') faults.push(`${kid} is back`);
    if (revoked) continue;
    const record = store.keys.find((key) => key.kid === kid);
    const isYoung = early && known < promised.publishLead;
    const everywhere = ready.every(({ ring }) => kidsOf(ring).includes(kid));
    if (signing.has(kid) && !isYoung) {
      if (!everywhere) faults.push(`${kid} signs and a replica does not publish it (P1)`);
      if (lacked < maxAge) faults.push(`${kid} signs and a cache may lack it (P1)`);
    }
    if (signed < promised.longestTokenLife + promised.retain) {
      if (!record && seen !== 'never') faults.push(`${kid} was removed before its tokens expired (P2)`);
      if (!everywhere && !isYoung) faults.push(`a replica lacks ${kid} before its tokens expired (P2)`);
    }
  }
  return faults;
}

interface Found {
  readonly states: number;
  /** The broken promise in the first world that has one, and the steps to that world. */
  readonly fault?: { readonly broken: string[]; readonly way: string[] };
  /** The names of all steps taken, without their replicas. */
  readonly steps: ReadonlySet<string>;
}

/** Breadth-first, so that a fault is reported with one of the shortest traces. */
function explore(rules: Rules): Found {
  const start = firstWorld(rules);
  const from = new Map<string, { readonly before: string; readonly name: string }>();
  from.set(keyOf(start), { before: '', name: '' });
  const steps = new Set<string>();
  let edge = [start];
  while (edge.length > 0) {
    const further: World[] = [];
    for (const world of edge) {
      const before = keyOf(world);
      const faults = broken(world, rules);
      if (faults.length > 0)
        return { states: from.size, fault: { broken: faults, way: wayTo(before, from) }, steps };
      for (const [name, next] of stepsFrom(world, rules)) {
        const after = settled(world, next, rules);
        const key = keyOf(after);
        steps.add(name.replace(/^\d | k\d$/g, ''));
        if (from.has(key)) continue;
        from.set(key, { before, name });
        further.push(after);
      }
    }
    edge = further;
  }
  return { states: from.size, steps };
}

function wayTo(
  key: string,
  from: ReadonlyMap<string, { readonly before: string; readonly name: string }>,
): string[] {
  const way: string[] = [];
  for (let at = from.get(key); at && at.before !== ''; at = from.get(at.before)) way.unshift(at.name);
  return way;
}

const changes = ['create', 'activate', 'remove', 'rotates', 'plans', 'takes back', 'revokes'];
const everyStep = [
  'tick',
  'crashes',
  'restarts',
  'refreshes',
  ...changes,
  ...changes.map((name) => `dies over ${name}`),
];

describe('in every state of two replicas, three keys and all caches', () => {
  test('the promises to verifiers hold', () => {
    const began = performance.now();
    const { states, fault, steps } = explore(honest);
    process.stdout.write(`model check: ${states} states, ${Math.round(performance.now() - began)} ms\n`);
    expect(fault).toBeUndefined();
    expect(steps).toEqual(new Set(everyStep));
    expect(states).toBeGreaterThan(50_000);
  }, 300_000);

  test.each([
    [
      'signs without a publish_lead',
      { timing: { ...promised, publishLead: 0 } },
      'k1 signs and a cache may lack it (P1)',
    ],
    [
      'is removed when it retires',
      { timing: { ...promised, retain: -4 * tick } },
      'k0 was removed before its tokens expired (P2)',
    ],
    [
      'is used by a replica that has not read the store for too long',
      { signsWhileStale: true },
      'k0 was removed before its tokens expired (P2)',
    ],
    [
      'may be used without reading the store for the whole publish_lead',
      { timing: { ...promised, staleAfter: 2 * tick } },
      'k1 signs and a cache may lack it (P1)',
    ],
    [
      'is restored from a local file with the times in that file',
      { ringToRestore: (ring) => ring },
      'k1 signs and a replica does not publish it (P1)',
    ],
  ] satisfies [string, Partial<Rules>, string][])(
    'the model check detects a key that %s',
    (_, change, promise) => {
      const { fault } = explore({ ...honest, ...change });
      expect(fault?.broken).toContain(promise);
      expect(fault?.way.length).toBeGreaterThan(0);
    },
    300_000,
  );
});
