/** The key ring: every signing key with its state, and the rules for what happens to it next. Pure functions. */
import type { Algorithm } from '../../clouds/index.ts';
import { clockToleranceMs } from '../../platform/time/index.ts';

export type KeyState = 'next' | 'active' | 'retired' | 'revoked';

/** A public key as the JWKS lists it, with exactly these members: AWS and GCP refuse keys with others. */
export type PublicJwk = { readonly kid: string; readonly use: 'sig'; readonly alg: Algorithm } & (
  | { readonly kty: 'RSA'; readonly n: string; readonly e: string }
  | { readonly kty: 'EC'; readonly crv: 'P-256'; readonly x: string; readonly y: string }
);

/** Times are milliseconds since the epoch. */
export interface KeyRecord {
  readonly kid: string;
  readonly alg: Algorithm;
  readonly state: KeyState;
  readonly jwk: PublicJwk;
  /** The encrypted private key, or a reference to it, as the backend needs it; null once the key can never sign again. */
  readonly sealed: string | null;
  readonly published_at: number;
  /** When an administrator scheduled a next key to take over; null for the regular rotation. */
  readonly activate_at: number | null;
  readonly activated_at: number | null;
  readonly retired_at: number | null;
  readonly revoked_at: number | null;
}

export interface Ring {
  /** Set once, with the first key. A ring with another id never replaces this one. */
  readonly id: string;
  /** Increases by one with every change, so that the newer of two versions is known. */
  readonly revision: number;
  readonly keys: readonly KeyRecord[];
}

/** Milliseconds. */
export interface Timing {
  readonly rotateEvery: number;
  /** How long a key is published before it may sign. */
  readonly publishLead: number;
  /** How long a key stays published after the last token it signed has expired. */
  readonly retain: number;
  readonly longestTokenLife: number;
  /** How long a replica keeps signing without reading the store, in which other replicas may have changed the ring. */
  readonly staleAfter: number;
}

export type Step =
  | { readonly step: 'create'; readonly alg: Algorithm; readonly state: 'next' | 'active' }
  | { readonly step: 'activate'; readonly kid: string }
  | { readonly step: 'remove'; readonly kid: string };

/** How long a request that chose its key just before a rotation may still use that key to sign, in milliseconds. */
const finishingMs = 10_000;

/**
 * The next step that is due; undefined if none is. If the ring contains a time later than `now`, one of the clocks is
 * wrong: a rotation or removal could come too early, and a new next key could get a wrong publication time. Then the only
 * step is to activate or create a key for an algorithm without an active one.
 * @param now undefined if the clock of this server is known to be wrong, with the same effect
 * @param isPostponed whether a due next key must wait, because not all verifiers can see it
 */
export function nextStep(
  ring: Ring,
  algorithms: readonly Algorithm[],
  timing: Timing,
  now: number | undefined,
  isPostponed: (kid: string) => boolean = () => false,
): Step | undefined {
  const clockTrusted = now !== undefined && !keyAheadOf(ring, now);
  for (const alg of algorithms) {
    const active = keyIn(ring, alg, 'active');
    const next = keyIn(ring, alg, 'next');
    // Without an active key, a key must sign at once: it is the first key of the ring, or all were revoked.
    if (!active) return next ? { step: 'activate', kid: next.kid } : { step: 'create', alg, state: 'active' };
    if (!next && clockTrusted) return { step: 'create', alg, state: 'next' };
    if (next && clockTrusted && now >= dueAt(active, next, timing) && !isPostponed(next.kid))
      return { step: 'activate', kid: next.kid };
  }
  if (!clockTrusted) return undefined;
  const removable = ring.keys.find(
    (key) => key.retired_at !== null && now >= removableAt(key.retired_at, timing),
  );
  return removable && { step: 'remove', kid: removable.kid };
}

/**
 * The step that creates a missing next key, even if the times in the ring contradict the clock: an administrator decided
 * so.
 */
export function missingNextKey(ring: Ring, algorithms: readonly Algorithm[]): Step | undefined {
  const alg = algorithms.find((candidate) => !keyIn(ring, candidate, 'next'));
  return alg && { step: 'create', alg, state: 'next' };
}

/** A key that entered its state later than `now`. Revoked keys are ignored, because they stay in the ring forever. */
export function keyAheadOf(
  ring: Ring,
  now: number,
): { readonly kid: string; readonly at: number } | undefined {
  const since = ({ state, published_at, activated_at, retired_at }: KeyRecord) =>
    ({ next: published_at, active: activated_at, retired: retired_at, revoked: null })[state] ?? -Infinity;
  return ring.keys
    .map((key) => ({ kid: key.kid, at: since(key) }))
    .find(({ at }) => at > now + clockToleranceMs);
}

/**
 * When a next key takes over from the active one: as scheduled or by the regular rotation, but not before its publish_lead
 * ends.
 */
export function dueAt(active: KeyRecord, next: KeyRecord, timing: Timing): number {
  const scheduled = next.activate_at ?? (active.activated_at ?? Infinity) + timing.rotateEvery;
  return Math.max(scheduled, readyAt(next, timing));
}

/** The ring with the activation of every next key scheduled at `time`; null restores the regular rotation. */
export function scheduleActivation(ring: Ring, time: number | null): Ring {
  return mapKeys(ring, (key) => (key.state === 'next' ? { ...key, activate_at: time } : key));
}

/** The ring with `kid` active and the previously active key retired. */
export function activate(ring: Ring, kid: string, now: number): Ring {
  const alg = ring.keys.find((key) => key.kid === kid)?.alg;
  return mapKeys(ring, (key) => {
    if (key.kid === kid) return { ...key, state: 'active', activate_at: null, activated_at: now };
    if (key.alg === alg && key.state === 'active')
      return { ...key, state: 'retired', retired_at: now, sealed: null };
    return key;
  });
}

/**
 * The ring with `kid` removed from the JWKS permanently. If it was active, the next key replaces it in the same step, even
 * before the end of its publish_lead, so that a key is always active. The record stays, so that the kid can never return.
 */
export function revoke(ring: Ring, kid: string, now: number): Ring {
  const successor = successorOf(ring, kid)?.kid;
  return mapKeys(ring, (key) => {
    if (key.kid === kid)
      return { ...key, state: 'revoked', activate_at: null, revoked_at: now, retired_at: null, sealed: null };
    if (key.kid === successor) return { ...key, state: 'active', activate_at: null, activated_at: now };
    return key;
  });
}

/** The key that would replace `kid`; undefined if `kid` is not active or there is no next key. */
export function successorOf(ring: Ring, kid: string): KeyRecord | undefined {
  const key = ring.keys.find((candidate) => candidate.kid === kid);
  return key?.state === 'active' ? keyIn(ring, key.alg, 'next') : undefined;
}

/**
 * The ring to write to a store that has only the older ring `stored`, or none. The replica that made the newer changes may
 * have crashed before other replicas saw them, and those kept publishing and signing by `stored`. So the times of these
 * changes start now, but never earlier than recorded: with a clock set back, a key would sign or be removed too early.
 */
export function ringToRestore(ring: Ring, stored: Ring | undefined, now: number): Ring {
  const keys = ring.keys.map((key) => {
    const known = stored?.keys.find(({ kid }) => kid === key.kid);
    if (key.state === 'next' && !known) return { ...key, published_at: Math.max(key.published_at, now) };
    if (key.state === 'retired' && known?.state !== 'retired')
      return { ...key, retired_at: Math.max(key.retired_at ?? now, now) };
    return key;
  });
  return { ...ring, keys };
}

/** The ring with the private key of `kid` encrypted differently. */
export const replaceSealed = (ring: Ring, kid: string, sealed: string): Ring =>
  mapKeys(ring, (key) => (key.kid === kid ? { ...key, sealed } : key));

export function removeKey(ring: Ring, kid: string): Ring {
  return withKeys(
    ring,
    ring.keys.filter((key) => key.kid !== kid),
  );
}

export function addKey(ring: Ring, record: KeyRecord): Ring {
  return withKeys(ring, [...ring.keys, record]);
}

export function keyIn(ring: Ring, alg: Algorithm, state: KeyState): KeyRecord | undefined {
  return ring.keys.find((key) => key.alg === alg && key.state === state);
}

export const isReady = (key: KeyRecord, timing: Timing, now: number): boolean => now >= readyAt(key, timing);
export const readyAt = (key: KeyRecord, timing: Timing): number => key.published_at + timing.publishLead;

/** Whether requests that started before the key retired may still use it. */
export const mayFinish = (key: KeyRecord, now: number): boolean =>
  key.retired_at !== null && now - key.retired_at < finishingMs;

/** Counts from the last possible signature: a replica cut off from the store may sign after the retirement. */
export const removableAt = (retiredAt: number, timing: Timing): number =>
  retiredAt + timing.staleAfter + finishingMs + timing.longestTokenLife + timing.retain;

/**
 * The keys in JWKS order: active keys first, because some verifiers take the first key and ignore `kid`, and RS256 before
 * ES256, because those verifiers support RS256 best.
 */
export function publishedKeys(ring: Ring): readonly PublicJwk[] {
  const order: Record<KeyState, number> = { active: 0, next: 1, retired: 2, revoked: 3 };
  return ring.keys
    .filter((key) => key.state !== 'revoked')
    .toSorted((a, b) => order[a.state] - order[b.state] || (a.alg < b.alg ? 1 : a.alg > b.alg ? -1 : 0))
    .map((key) => key.jwk);
}

function mapKeys(ring: Ring, change: (key: KeyRecord) => KeyRecord): Ring {
  return withKeys(ring, ring.keys.map(change));
}

const withKeys = ({ id, revision }: Ring, keys: readonly KeyRecord[]): Ring => ({
  id,
  revision: revision + 1,
  keys,
});
