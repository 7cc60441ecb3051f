/**
 * A small world for the model check: two replicas, one store, at most three keys, and the caches of all verifiers.
 * Its steps follow the decisions of src/tokens/keys/ring.ts; a test injects a fault through `Rules`.
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

/** The time that a request has to finish with a retired key; all other times are multiples of it. */
export const tick = 10_000;
/** More are created only if no key could sign, because the existing ones are lost in the local files of dead replicas. */
export const keysAtMost = 3;

export interface Replica {
  readonly up: boolean;
  /** The ring in memory while it is up, and in its local file while it is down. */
  readonly ring: Ring;
  /** Milliseconds since it last read the store. */
  readonly unseen: number;
}

/** The clock always shows noon; each tick moves all past events further into the past. */
export interface World {
  readonly store: Ring;
  readonly replicas: readonly [Replica, Replica];
  readonly made: number;
  readonly history: readonly KeyHistory[];
}

export interface KeyHistory {
  /** The time since a replica could last sign with it. */
  readonly signed: number;
  /** The time since a serving replica last served a JWKS without it; a verifier's cache may be that old. */
  readonly lacked: number;
  /** Whether the store has it. A removed key must not return. */
  readonly seen: 'never' | 'published' | 'gone' | 'back';
  /** The time since it was first in the store, up to its publish_lead. */
  readonly known: number;
  /** It signed before its publish_lead ended, because no other key could. */
  readonly early: boolean;
  readonly revoked: boolean;
}

/** The promises to verifiers, who cache a JWKS for `maxAge`. */
export const promised: Timing = {
  rotateEvery: 3 * tick,
  publishLead: 2 * tick,
  retain: tick,
  longestTokenLife: tick,
  staleAfter: tick,
};
export const maxAge = tick;

/** The rules that replicas follow; a mutant breaks one of them. */
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

/** The kids with which the replica can sign now. */
export function signable(replica: Replica, rules: Rules): readonly string[] {
  return isServing(replica, rules) || (replica.up && rules.signsWhileStale) ? signingIn(replica.ring) : [];
}

const signingIn = remembered((ring: Ring): readonly string[] =>
  ring.keys.filter((key) => key.state === 'active' || mayFinish(key, noon)).map(({ kid }) => kid),
);

/** Memoized, because the same rings occur many times. */
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

/** All possible next steps, with their names. */
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
    // The compare-and-swap: a replica whose ring differs from the store reads the store and writes nothing.
    if (unseen > 0 || ring !== world.store) yield [`${at} refreshes`, seen];
    for (const [name, change] of changesBy(rules)[seen.made]!(seen.store)) {
      const { made = seen.made } = change;
      yield [`${at} ${name}`, { ...replaced(seen, at, { ring: change.ring }), store: change.ring, made }];
      // Its local file has the change, the store does not.
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

/** The possible changes of the ring in the store: the due step, and the requests of an administrator. */
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
    // The last key that the world allows is not revoked.
    const another = state === 'retired' || made < keysAtMost || (active && next);
    if (state !== 'revoked' && another) yield [`revokes ${kid}`, { ring: revoke(store, kid, noon) }];
  }
}

/** If no further key is allowed, the due step is computed as if that key existed but was not ready. */
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
