/** The ring: every signing key with its state, and the one place that decides what happens to it next. */
import type { Algorithm } from '../../clouds/index.ts';
import { clockToleranceMs } from '../../platform/time/index.ts';

export type KeyState = 'next' | 'active' | 'retired' | 'revoked';

/** A public key as it stands in the JWKS: exactly these members, because AWS and GCP refuse keys with others. */
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
  /** The private half, in whatever form its backend needs to sign with it; null once the key can never sign again. */
  readonly sealed: string | null;
  readonly published_at: number;
  /** When an administrator wants a next key to take over; null for when the active one has signed for long enough. */
  readonly activate_at: number | null;
  readonly activated_at: number | null;
  readonly retired_at: number | null;
  readonly revoked_at: number | null;
}

export interface Ring {
  /** Given once, with the first key: tells another state of this ring from another ring, which never takes its place. */
  readonly id: string;
  /** Rises by one with every change; tells which of two copies is the newer one. */
  readonly revision: number;
  readonly keys: readonly KeyRecord[];
}

/** Milliseconds. */
export interface Timing {
  readonly rotateEvery: number;
  /** How long a key is published before it may sign. */
  readonly publishLead: number;
  /** How long a key stays published after the last token it signed has ended. */
  readonly retain: number;
  readonly longestTokenLife: number;
  /** How long a replica goes on signing without having seen the store, which others may have changed meanwhile. */
  readonly staleAfter: number;
}

export type Step =
  | { readonly step: 'create'; readonly alg: Algorithm; readonly state: 'next' | 'active' }
  | { readonly step: 'activate'; readonly kid: string }
  | { readonly step: 'remove'; readonly kid: string };

/** How long a request that chose its key just before a rotation may take to sign with it, in milliseconds. */
const finishingMs = 10_000;

/**
 * What is due now, one step at a time; undefined when the ring is as it should be. Pure. While the ring has a time ahead
 * of `now`, one clock is wrong: no key leaves its place by either, and a next one that it dates could sign too young. Then
 * only what cannot wait is done, a key where none signs.
 * @param now undefined while the clock cannot be believed at all: the same then
 * @param held whether a next key whose turn has come must wait all the same, because not everybody can see it
 */
export function nextStep(
  ring: Ring,
  algorithms: readonly Algorithm[],
  timing: Timing,
  now: number | undefined,
  held: (kid: string) => boolean = () => false,
): Step | undefined {
  const believed = now !== undefined && !keyAheadOf(ring, now);
  for (const alg of algorithms) {
    const active = keyIn(ring, alg, 'active');
    const next = keyIn(ring, alg, 'next');
    // With no key that can sign, a key must sign at once: the first key ever, or all of them revoked.
    if (!active) return next ? { step: 'activate', kid: next.kid } : { step: 'create', alg, state: 'active' };
    if (!next && believed) return { step: 'create', alg, state: 'next' };
    if (next && believed && now >= dueAt(active, next, timing) && !held(next.kid))
      return { step: 'activate', kid: next.kid };
  }
  if (!believed) return undefined;
  const over = ring.keys.find((key) => key.retired_at !== null && now >= removableAt(key.retired_at, timing));
  return over && { step: 'remove', kid: over.kid };
}

/** The next key that the ring lacks, whatever its times say of the clock: for an administrator who has looked at it. */
export function missingNextKey(ring: Ring, algorithms: readonly Algorithm[]): Step | undefined {
  const alg = algorithms.find((one) => !keyIn(ring, one, 'next'));
  return alg && { step: 'create', alg, state: 'next' };
}

/** A key that became what it is later than `now`. A revoked one stays in the ring for good, and tells nothing. */
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

/** When a next key takes over from the active one: as planned, or in turn, but never before verifiers know it. */
export function dueAt(active: KeyRecord, next: KeyRecord, timing: Timing): number {
  const wanted = next.activate_at ?? (active.activated_at ?? Infinity) + timing.rotateEvery;
  return Math.max(wanted, readyAt(next, timing));
}

/** The ring with the turn of every next key set to `at`; null gives them back to the schedule. */
export function scheduleActivation(ring: Ring, at: number | null): Ring {
  return mapKeys(ring, (key) => (key.state === 'next' ? { ...key, activate_at: at } : key));
}

/** The ring with `kid` signing and its forerunner retired. */
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
 * The ring with `kid` out of the JWKS for good; if it was signing, the next key signs in its place, however young. One
 * step, so that there is no moment without a key. The record stays, so that the kid can never come back.
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

/** The key that would sign in the place of `kid`; undefined when that one does not sign, or when there is no other. */
export function successorOf(ring: Ring, kid: string): KeyRecord | undefined {
  const key = ring.keys.find((candidate) => candidate.kid === kid);
  return key?.state === 'active' ? keyIn(ring, key.alg, 'next') : undefined;
}

/**
 * The ring as a store gets it back that has only `found`, or nothing. A change that the store lacks was perhaps never
 * made: its maker died over it, and the others went on publishing and signing as `found` says. So its times begin now, and
 * never earlier than they did: by a clock that was set back a key would sign, or be gone, too soon.
 */
export function ringToRestore(ring: Ring, found: Ring | undefined, now: number): Ring {
  const keys = ring.keys.map((key) => {
    const known = found?.keys.find(({ kid }) => kid === key.kid);
    if (key.state === 'next' && !known) return { ...key, published_at: Math.max(key.published_at, now) };
    if (key.state === 'retired' && known?.state !== 'retired')
      return { ...key, retired_at: Math.max(key.retired_at ?? now, now) };
    return key;
  });
  return { ...ring, keys };
}

/** The ring with the private half of `kid` in another form. */
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

/** Whether what was begun with a key before it retired may still be signed with it. */
export const mayFinish = (key: KeyRecord, now: number): boolean =>
  key.retired_at !== null && now - key.retired_at < finishingMs;

/** Counted from the last signature, which a replica that was cut off from the store makes later than the retirement. */
export const removableAt = (retiredAt: number, timing: Timing): number =>
  retiredAt + timing.staleAfter + finishingMs + timing.longestTokenLife + timing.retain;

/**
 * What verifiers see: signing keys first, since some take the first key and ignore kid, and RS256 before ES256,
 * since the ones that do so know RS256 best.
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
