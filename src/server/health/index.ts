/**
 * Whether this process should get requests. Owns: the checks behind /readyz. Does not own: being alive, which a process
 * that answers proves by answering.
 */
import type { Algorithm } from '../../clouds/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { KeyBackend, Keyring, Keyrings, PostponedKey } from '../../tokens/keys/index.ts';
import type { BucketState, MirrorState } from '../../tokens/publishing/index.ts';
import type { ClockWatch } from './clock.ts';

export { type ClockWatch, watchClock } from './clock.ts';

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Health {
  checks(): Promise<readonly ReadinessCheck[]>;
  /** From now on not ready: the process is going down. */
  startShutdown(): void;
}

export function createHealth(options: {
  store: Store;
  keyrings: Keyrings;
  backend: Pick<KeyBackend, 'failure'>;
  algorithms: readonly Algorithm[];
  shortTimes: boolean;
  places: () => readonly BucketState[];
  copies: () => readonly MirrorState[];
  clock: Pick<ClockWatch, 'lastJump'>;
}): Health {
  const { store, keyrings, backend, algorithms, shortTimes, places, copies, clock } = options;
  let leaving = false;

  return {
    async checks() {
      const checks = [await storeCheck(store), keysCheck(keyrings.main, algorithms)];
      const trouble = backend.failure?.();
      // Ready all the same: the trouble is every replica's, and without them all the JWKS would be gone as well.
      if (trouble) checks.push({ name: 'key_backend', ok: true, detail: `does not sign: ${trouble}` });
      const waiting = keyrings.postponed();
      if (waiting.length > 0) checks.push(rotationCheck(waiting));
      const doubts = keyrings.clockProblems();
      if (doubts.length > 0) checks.push(clockCheck(doubts));
      if (places().length > 0) checks.push(publicationCheck(places()));
      if (copies().length > 0) checks.push(copiesCheck(copies()));
      if (shortTimes) {
        const detail =
          'keys.allow_short_times is on: verifiers that cache the JWKS will fail at a rotation. Not for production.';
        checks.push({ name: 'key_times', ok: true, detail });
      }
      const jump = clock.lastJump();
      // Nor a reason: which of both hours is the right one, no process knows by itself.
      if (jump) checks.push({ name: 'clock_jump', ok: true, detail: jump });
      if (leaving) checks.push({ name: 'process', ok: false, detail: 'going down' });
      return checks;
    },
    startShutdown() {
      leaving = true;
    },
  };
}

const storeCheck = (store: Store): Promise<ReadinessCheck> =>
  store.ping().then(
    () => ({ name: 'store', ok: true, detail: 'reads and writes' }),
    () => ({ name: 'store', ok: false, detail: 'does not answer' }),
  );

/** No reason to send requests elsewhere: the active keys go on signing. */
function rotationCheck(waiting: readonly PostponedKey[]): ReadinessCheck {
  const told = waiting.map(
    ({ kid, alg, since, obstacles }) =>
      `${alg} ${kid} waits since ${toTimestamp(since)}: ${obstacles.join('; ')}`,
  );
  return { name: 'rotation', ok: true, detail: firstOf(told) };
}

/** No reason either: the keys stay as they are and go on. */
const clockCheck = (doubts: readonly string[]): ReadinessCheck => ({
  name: 'key_clock',
  ok: true,
  detail: `no key is made to sign or dropped: ${firstOf(doubts)}`,
});

/** No reason either: the issuer itself answers. */
const publicationCheck = (places: readonly BucketState[]): ReadinessCheck => ({
  name: 'publication',
  ok: true,
  detail: places
    .map(({ bucket: to, publishedAt, failure }) => {
      const last = publishedAt === undefined ? 'never' : toTimestamp(publishedAt);
      return failure
        ? `${to} failed, last published ${last}: ${failure.reason} → ${failure.advice}`
        : `${to} last published ${last}`;
    })
    .join(', '),
});

function copiesCheck(copies: readonly MirrorState[]): ReadinessCheck {
  const wrong = copies.flatMap(({ reason }) => reason ?? []);
  const unknown = copies
    .filter(({ checkedAt: comparedAt }) => comparedAt === undefined)
    .map(({ mirror: copy }) => `${copy} not compared yet`);
  const told = [...wrong, ...unknown];
  const detail = told.length > 0 ? told.join(', ') : `${copies.length} as served`;
  return { name: 'mirrors', ok: true, detail };
}

/** Every tenant may have keys of its own. */
const toldAtMost = 5;

function firstOf(texts: readonly string[]): string {
  const more = texts.length - toldAtMost;
  return [...texts.slice(0, toldAtMost), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function keysCheck(keyring: Keyring, algorithms: readonly Algorithm[]): ReadinessCheck {
  const { ms, stale } = keyring.staleness();
  if (stale) {
    const detail = `not signing: the store has not been seen for ${Math.floor(ms / 1000)} s`;
    return { name: 'keys', ok: false, detail };
  }
  const active = keyring.list().filter((key) => key.state === 'active');
  const without = algorithms.filter((alg) => !active.some((key) => key.alg === alg));
  return without.length === 0
    ? {
        name: 'keys',
        ok: true,
        detail: `signing with ${active.map((key) => `${key.alg} ${key.kid}`).join(', ')}`,
      }
    : { name: 'keys', ok: false, detail: `no active key for ${without.join(', ')}` };
}
