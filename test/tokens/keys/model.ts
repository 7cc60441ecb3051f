/**
 * A small world for the model check: two replicas, one store, three keys at most, and every verifier's cache at once.
 * It moves by what src/tokens/keys/ring.ts decides, and `Rules` is where a test puts a fault in.
 */
import {
  type KeyRecord,
  nextStep,
  publishedKeys,
  type Ring,
  type Step,
  type Timing,
} from '../../../src/tokens/keys/index.ts';
import {
  activate,
  addKey,
  isReady,
  keyIn,
  mayFinish,
  removeKey,
  revoke,
  ringToRestore,
  scheduleActivation,
} from '../../../src/tokens/keys/ring.ts';
import { noon, recordOf } from './records.ts';

/** As long as a request may take to finish with a retired key; every other time is a few of these. */
export const tick = 10_000;
/** More are made only where none could sign, since those that were made are lost in the copies of dead replicas. */
export const keysAtMost = 3;

export interface Replica {
  readonly up: boolean;
  /** What it goes by while it is up, what is in its copy while it is down. */
  readonly ring: Ring;
  /** Since it last saw the store, in milliseconds. */
  readonly unseen: number;
}

/** The clock stands at noon; each tick moves everything that has happened into the past. */
export interface World {
  readonly store: Ring;
  readonly replicas: readonly [Replica, Replica];
  readonly made: number;
  readonly history: readonly KeyHistory[];
}

export interface KeyHistory {
  /** Since a replica could last sign with it. */
  readonly signed: number;
  /** Since a replica that was ready last served a JWKS without it: a verifier's cache may be as old as that. */
  readonly lacked: number;
  /** Where the store stands with it. A key that is gone must not be back. */
  readonly seen: 'never' | 'published' | 'gone' | 'back';
  /** Since it was first in the store, as far as its lead. */
  readonly known: number;
  /** It signed before its lead was over, because no other could. */
  readonly early: boolean;
  readonly revoked: boolean;
}

/** What is promised to verifiers, who keep a JWKS for `maxAge`. */
export const promised: Timing = {
  rotateEvery: 3 * tick,
  publishLead: 2 * tick,
  retain: tick,
  longestTokenLife: tick,
  staleAfter: tick,
};
export const maxAge = tick;

/** What replicas go by; other than what is promised in a mutant. */
export interface Rules {
  readonly timing: Timing;
  readonly signsWhileStale: boolean;
  readonly ringToRestore: typeof ringToRestore;
}
export const honest: Rules = { timing: promised, signsWhileStale: false, ringToRestore };

export const isServing = ({ up, unseen }: Replica, { timing }: Rules): boolean =>
  up && unseen <= timing.staleAfter;

export const kidsOf = remembered((ring: Ring): readonly string[] =>
  publishedKeys(ring).map(({ kid }) => kid),
);

/** The kids that the replica signs with at this moment. */
export function signable(replica: Replica, rules: Rules): readonly string[] {
  return isServing(replica, rules) || (replica.up && rules.signsWhileStale) ? signingIn(replica.ring) : [];
}

const signingIn = remembered((ring: Ring): readonly string[] =>
  ring.keys.filter((key) => key.state === 'active' || mayFinish(key, noon)).map(({ kid }) => kid),
);

/** The same rings come up again and again. */
export function remembered<T extends object, R>(work: (of: T) => R): (of: T) => R {
  const known = new WeakMap<T, R>();
  return (of) => {
    let result = known.get(of);
    if (result === undefined) {
      result = work(of);
      known.set(of, result);
    }
    return result;
  };
}

/** Everything that can happen next, with its name. */
export function* stepsFrom(world: World, rules: Rules): Generator<readonly [string, World]> {
  yield ['tick', later(world, rules)];
  for (const at of [0, 1] as const) {
    const { up, ring, unseen } = world.replicas[at];
    if (!up) {
      yield [`${at} restarts`, restarted(world, at, rules)];
      continue;
    }
    yield [`${at} crashes`, replaced(world, at, { up: false })];
    const seen = replaced(world, at, { ring: world.store, unseen: 0 });
    // The compare-and-swap: who goes by another ring than the one in the store reads it, and writes nothing.
    if (unseen > 0 || ring !== world.store) yield [`${at} refreshes`, seen];
    for (const [name, change] of changesBy(rules)[seen.made]!(seen.store)) {
      const { made = seen.made } = change;
      yield [`${at} ${name}`, { ...replaced(seen, at, { ring: change.ring }), store: change.ring, made }];
      // Its copy has the change, the store has not.
      yield [`${at} dies over ${name}`, { ...replaced(seen, at, { ring: change.ring, up: false }), made }];
    }
  }
}

interface Change {
  readonly ring: Ring;
  readonly made?: number;
}

const changesBy = remembered((rules: Rules) =>
  Array.from({ length: 3 * keysAtMost }, (_, made) =>
    remembered((store: Ring) => [...changesOf(store, made, rules)]),
  ),
);

/** What can be done to the ring in the store: the step that is due, and what an administrator may order. */
function* changesOf(store: Ring, made: number, { timing }: Rules): Generator<readonly [string, Change]> {
  const step = dueStep(store, made, timing);
  if (step) yield [step.step, apply(store, step, made)];
  const [active, next] = [keyIn(store, 'ES256', 'active'), keyIn(store, 'ES256', 'next')];
  if (active && next && isReady(next, timing, noon)) {
    yield ['rotates', { ring: activate(store, next.kid, noon) }];
    yield next.activate_at === null
      ? ['plans', { ring: scheduleActivation(store, noon + tick) }]
      : ['takes back', { ring: scheduleActivation(store, null) }];
  }
  for (const { kid, state } of store.keys) {
    // The last key that the world has room for is not taken away.
    const another = state === 'retired' || made < keysAtMost || (active && next);
    if (state !== 'revoked' && another) yield [`revokes ${kid}`, { ring: revoke(store, kid, noon) }];
  }
}

/** With no room for a further key, what is due is what would be due if that key were there and not ready. */
function dueStep(ring: Ring, made: number, timing: Timing): Step | undefined {
  const step = nextStep(ring, ['ES256'], timing, noon);
  if (step?.step !== 'create' || made < keysAtMost || step.state === 'active') return step;
  return nextStep(addKey(ring, recordOf('none', 'ES256', 'next')), ['ES256'], timing, noon, () => true);
}

function apply(ring: Ring, step: Step, made: number): Change {
  if (step.step === 'remove') return { ring: removeKey(ring, step.kid) };
  if (step.step === 'activate') return { ring: activate(ring, step.kid, noon) };
  return { ring: addKey(ring, recordOf(`k${made}`, 'ES256', step.state)), made: made + 1 };
}

function restarted(world: World, at: 0 | 1, rules: Rules): World {
  const { ring } = world.replicas[at];
  const store =
    ring.revision > world.store.revision ? rules.ringToRestore(ring, world.store, noon) : world.store;
  return { ...replaced(world, at, { up: true, ring: store, unseen: 0 }), store };
}

function replaced(world: World, at: 0 | 1, change: Partial<Replica>): World {
  const [first, second] = world.replicas;
  const replica = { ...world.replicas[at], ...change };
  return { ...world, replicas: at === 0 ? [replica, second] : [first, replica] };
}

function later(world: World, { timing }: Rules): World {
  const store = aged(world.store);
  const [first, second] = world.replicas.map((replica) => ({
    ...replica,
    ring: replica.ring === world.store ? store : aged(replica.ring),
    unseen: Math.min(replica.unseen + tick, timing.staleAfter + tick),
  })) as [Replica, Replica];
  const history = world.history.map((key) => ({
    ...key,
    signed: key.signed + tick,
    lacked: key.lacked + tick,
    known: key.known + tick,
  }));
  return { ...world, store, replicas: [first, second], history };
}

const aged = remembered((ring: Ring): Ring => ({ ...ring, keys: ring.keys.map(agedKey) }));

const agedKey = (key: KeyRecord): KeyRecord => ({
  ...key,
  published_at: key.published_at - tick,
  activate_at: key.activate_at === null ? null : key.activate_at - tick,
  activated_at: key.activated_at === null ? null : key.activated_at - tick,
  retired_at: key.retired_at === null ? null : key.retired_at - tick,
});
