/** The state of a world in the model check, in a normal form in which equivalent worlds are equal. */
import type { KeyRecord, Ring } from '../../../src/tokens/keys/index.ts';
import { keyIn, removableAt } from '../../../src/tokens/keys/ring.ts';
import {
  isServing,
  type KeyHistory,
  kidsOf,
  maxAge,
  promised,
  type Replica,
  type Rules,
  remembered,
  signable,
  tick,
  type World,
} from './model.ts';
import { noon, recordOf } from './records.ts';

/** The first replica has just created the first key; the second one has never run. */
export function firstWorld(rules: Rules): World {
  const store: Ring = { id: 'ring', revision: 1, keys: [recordOf('k0', 'ES256', 'active')] };
  const nothing: Ring = { id: 'ring', revision: 0, keys: [] };
  const world: World = {
    store,
    replicas: [
      { up: true, ring: store, unseen: 0 },
      { up: false, ring: nothing, unseen: 0 },
    ],
    made: 1,
    history: [],
  };
  return settled({ ...world, store: nothing }, world, rules);
}

/** The world after a step, with the history that the step adds, in normal form. */
export function settled(before: World, after: World, rules: Rules): World {
  const living = after.replicas.filter(({ up }) => up);
  const signing = new Set(living.flatMap((replica) => signable(replica, rules)));
  const served = living.filter((replica) => isServing(replica, rules)).map(({ ring }) => kidsOf(ring));
  const inStore = new Set(kidsOf(after.store));
  const history = Array.from({ length: after.made }, (_, at): KeyHistory => {
    const kid = `k${at}`;
    const known = after.history[at];
    const seen = known?.seen ?? 'never';
    const without = served.some((kids) => !kids.includes(kid));
    return {
      signed: signing.has(kid) ? 0 : Math.min(known?.signed ?? Infinity, over),
      lacked: !known || without ? 0 : Math.min(known.lacked, maxAge),
      seen: inStore.has(kid)
        ? seen === 'gone'
          ? 'back'
          : 'published'
        : seen === 'published'
          ? 'gone'
          : seen,
      known: seen === 'never' ? 0 : Math.min(known?.known ?? 0, promised.publishLead),
      early: (known?.early ?? false) || signsForWant(kid, before.store, after.store),
      revoked: after.store.keys.some((key) => key.kid === kid && key.state === 'revoked'),
    };
  });
  return inOneForm({ ...after, history }, rules);
}

/** Older signatures no longer matter: their tokens have expired. */
const over = promised.longestTokenLife + promised.retain + tick;

/** Whether the key was activated because there was no other: the first one, or after a revocation. */
function signsForWant(kid: string, before: Ring, after: Ring): boolean {
  if (keyIn(after, 'ES256', 'active')?.kid !== kid) return false;
  const former = keyIn(before, 'ES256', 'active')?.kid;
  return former === undefined || after.keys.some((key) => key.kid === former && key.state === 'revoked');
}

/** Drops history that no longer matters, so that the number of worlds is finite. */
function inOneForm(world: World, rules: Rules): World {
  const store = bounded[0](world.store);
  const [first, second] = world.replicas.map((replica): Replica => {
    const { up, unseen } = replica;
    const by = replica.ring.revision - world.store.revision;
    // As soon as the replica reads the store, its ring replaces an older one.
    const forgotten = by < 0 && !isServing(replica, rules) && !(up && rules.signsWhileStale);
    const ring = by === 0 || forgotten ? store : bounded[by < 0 ? -1 : 1](replica.ring);
    return { up, ring, unseen: up ? unseen : 0 };
  }) as [Replica, Replica];
  return {
    ...world,
    store,
    replicas: keyOfReplica(first) <= keyOfReplica(second) ? [first, second] : [second, first],
  };
}

/** The ring in normal form: revisions keep only their order against the store, and times only whether they have passed. */
const bounded = { [-1]: boundedAs(9), 0: boundedAs(10), 1: boundedAs(11) };

const all = new Map<string, Ring>();

function boundedAs(revision: number): (ring: Ring) => Ring {
  return remembered((ring) => {
    const one = { ...ring, revision, keys: ring.keys.map(boundedKey) };
    const key = textOf(one);
    const known = all.get(key);
    if (known) return known;
    all.set(key, one);
    return one;
  });
}

const boundedKey = (key: KeyRecord): KeyRecord => ({
  ...key,
  published_at: Math.max(key.published_at, noon - promised.publishLead),
  activate_at: key.activate_at === null ? null : Math.max(key.activate_at, noon),
  activated_at: key.state === 'active' ? Math.max(key.activated_at ?? 0, noon - promised.rotateEvery) : null,
  retired_at: key.retired_at === null ? null : Math.max(key.retired_at, noon - removableAt(0, promised)),
  revoked_at: key.revoked_at === null ? null : noon,
});

/** Worlds with the same normal form are one world. */
export const keyOf = ({ store, replicas, made, history }: World): string =>
  [
    keyOfRing(store),
    ...replicas.map(keyOfReplica),
    made,
    ...history.map(
      ({ signed, lacked, known, seen, early }) =>
        `${signed / tick}${lacked / tick}${known / tick}${seen[0]}${Number(early)}`,
    ),
  ].join('|');

const keyOfReplica = ({ up, ring, unseen }: Replica): string =>
  `${Number(up)}${unseen / tick} ${keyOfRing(ring)}`;

let rings = 0;
/** Equal rings in normal form are the same object. */
const keyOfRing = remembered((_ring: Ring): number => ++rings);

const textOf = ({ revision, keys }: Ring): string =>
  [
    revision,
    ...keys.map(({ kid, state, ...times }) =>
      [kid, state, times.published_at, times.activate_at, times.activated_at, times.retired_at].join(' '),
    ),
  ].join();
