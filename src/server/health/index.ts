/**
 * Readiness: whether a load balancer should send requests to this process. Owns: the checks behind /readyz (tokens can be issued
 * now) and /readyz/documents (discovery and JWKS can be served). Does not own: /healthz, which checks nothing; an answer shows
 * that the process runs.
 */
import type { Suspension } from '../../access/suspension/index.ts';
import type { Algorithm } from '../../clouds/index.ts';
import type { SealState } from '../../platform/audit/index.ts';
import { createSingleFlight } from '../../platform/cache/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { systemElapsed, toTimestamp } from '../../platform/time/index.ts';
import type { ClockTrust, KeyBackend, Keyring, Keyrings, PostponedKey } from '../../tokens/keys/index.ts';
import type { BucketState, MirrorState } from '../../tokens/publishing/index.ts';
import type { ClockWatch } from '../clock/index.ts';
import type { RollbackWatch } from '../rollback/index.ts';

export interface ReadinessCheck {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Health {
  /** Whether tokens can be issued now. */
  checks(): Promise<readonly ReadinessCheck[]>;
  /** Whether discovery and JWKS can be served, also while the store is down. */
  documentChecks(): readonly ReadinessCheck[];
  /** Whether all `checks` are ok, as of a second ago at most: anyone may ask, as often as they like. */
  isReady(): Promise<boolean>;
  /** Reports not ready from now on, because the process shuts down. */
  startShutdown(): void;
}

const readyForMs = 1_000;

export const isReady = (checks: readonly ReadinessCheck[]): boolean => checks.every(({ ok }) => ok);

export function createHealth(options: {
  store: Store;
  rollback: Pick<RollbackWatch, 'failure'>;
  keyrings: Keyrings;
  backend: Pick<KeyBackend, 'failure' | 'sign'>;
  algorithms: readonly Algorithm[];
  shortTimes: boolean;
  places: () => readonly BucketState[];
  copies: () => readonly MirrorState[];
  clock: Pick<ClockWatch, 'lastJump'>;
  trust: Pick<ClockTrust, 'problem'>;
  suspensions: () => Promise<readonly Suspension[]>;
  /** Audit entries that wait for the store. */
  spooled?: (() => number) | undefined;
  sealing: () => SealState;
}): Health {
  const { store, rollback, keyrings, backend, algorithms, shortTimes, places, copies } = options;
  const { clock, trust, suspensions, spooled, sealing } = options;
  let shuttingDown = false;
  const shutdownCheck = (): readonly ReadinessCheck[] =>
    shuttingDown ? [{ name: 'shutdown', ok: false, detail: 'shutting down' }] : [];
  const singleFlight = createSingleFlight<boolean>();
  let latest: { readonly isReady: boolean; readonly at: number } | undefined;

  const health: Health = {
    async checks() {
      const checks = [await storeCheck(store, rollback), keysCheck(keyrings.main, algorithms)];
      const waiting = spooled?.() ?? 0;
      if (waiting > 0) checks.push(spoolCheck(waiting));
      // If the store does not answer, its own check says so.
      const suspended = await suspensions().catch(() => []);
      if (suspended.length > 0) checks.push(issuingCheck(suspended));
      checks.push(...(await backendCheck(backend, keyrings.main)));
      const { failure: unsealed, unsealedSince } = sealing();
      if (unsealed !== undefined) checks.push(sealCheck(unsealed, unsealedSince));
      const postponed = keyrings.postponed();
      if (postponed.length > 0) checks.push(rotationCheck(postponed));
      const clockProblems = keyrings.clockProblems();
      if (clockProblems.length > 0) checks.push(clockCheck(clockProblems));
      if (places().length > 0) checks.push(publishingCheck(places()));
      if (copies().length > 0) checks.push(mirrorsCheck(copies()));
      if (shortTimes) {
        const detail =
          'keys.allow_short_times is on: after a rotation, verifiers with a cached JWKS will reject tokens. Not for production.';
        checks.push({ name: 'short_key_times', ok: true, detail });
      }
      if (trust.problem !== undefined)
        checks.push({ name: 'clock', ok: false, detail: `not signing: ${trust.problem}` });
      const jump = clock.lastJump();
      // Stays ready: `clock` says whether the new time is trusted.
      if (jump) checks.push({ name: 'clock_jump', ok: true, detail: jump });
      return [...checks, ...shutdownCheck()];
    },

    documentChecks: () => [documentsCheck(keyrings.main), ...shutdownCheck()],

    async isReady() {
      if (shuttingDown) return false;
      if (latest && systemElapsed() - latest.at < readyForMs) return latest.isReady;
      return singleFlight('', async () => {
        latest = { isReady: isReady(await health.checks()), at: systemElapsed() };
        return latest.isReady;
      });
    },

    startShutdown() {
      shuttingDown = true;
    },
  };
  return health;
}

const storeCheck = (store: Store, rollback: Pick<RollbackWatch, 'failure'>): Promise<ReadinessCheck> =>
  store.ping().then(
    () => {
      const damage = store.continuity.damage ?? rollback.failure();
      return damage === undefined
        ? { name: 'store', ok: true, detail: 'reads and writes' }
        : { name: 'store', ok: false, detail: `is damaged: ${damage}; restore a backup` };
    },
    () => ({
      name: 'store',
      ok: false,
      detail:
        store.continuity.fault === undefined
          ? 'does not answer'
          : `has lost acknowledged writes: ${store.continuity.fault}; restore a backup, or run \`sojourn store accept-rollback\``,
    }),
  );

/**
 * A failure lasts until a signature succeeds. A server that is not ready gets no requests that would try, so this does, with a text
 * that is no JWS: it contains no dot.
 */
async function backendCheck(
  backend: Pick<KeyBackend, 'failure' | 'sign'>,
  keyring: Keyring,
): Promise<readonly ReadinessCheck[]> {
  const failure = backend.failure?.();
  if (!failure) return [];
  const active = keyring.list().filter(({ state }) => state === 'active');
  const signatures = active.map((key) => backend.sign(key, Buffer.from(`sojourn tests the key ${key.kid}`)));
  const ok = (await Promise.allSettled(signatures)).every(({ status }) => status === 'fulfilled');
  return [{ name: 'key_backend', ok, detail: ok ? failure : `does not sign: ${failure}` }];
}

function documentsCheck(keyring: Keyring): ReadinessCheck {
  const keys = keyring.publicKeys().length;
  const detail = keys > 0 ? `${keys} public ${keys === 1 ? 'key' : 'keys'}` : 'there is no public key';
  return { name: 'documents', ok: keys > 0, detail };
}

/** Stays ready: the entries are on the disk. */
const spoolCheck = (waiting: number): ReadinessCheck => ({
  name: 'audit_spool',
  ok: true,
  detail: `${waiting} audit ${waiting === 1 ? 'entry waits' : 'entries wait'} for the store`,
});

/** Stays ready: a suspension is a decision, not a fault. Only a replica that gets requests can tell clients about it. */
const issuingCheck = (suspended: readonly Suspension[]): ReadinessCheck => ({
  name: 'issuing',
  ok: true,
  detail: firstOf(
    suspended.map(
      ({ tenant, since, reason }) => `suspended${tenant ? ` for ${tenant}` : ''} since ${since}: ${reason}`,
    ),
  ),
});

/** Stays ready: lines are still stored. */
const sealCheck = (failure: string, since: number | undefined): ReadinessCheck => ({
  name: 'audit_seal',
  ok: true,
  detail: `${since === undefined ? 'not sealed' : `lines since ${toTimestamp(since)} are not sealed`}: ${failure}`,
});

/** Stays ready: the active keys continue to sign. */
function rotationCheck(postponed: readonly PostponedKey[]): ReadinessCheck {
  const texts = postponed.map(
    ({ kid, alg, since, obstacles }) =>
      `${alg} ${kid} postponed since ${toTimestamp(since)}: ${obstacles.join('; ')}`,
  );
  return { name: 'key_rotation', ok: true, detail: firstOf(texts) };
}

/** Stays ready: the keys keep their states and continue to sign. */
const clockCheck = (problems: readonly string[]): ReadinessCheck => ({
  name: 'key_clock',
  ok: true,
  detail: `keys are not activated or removed: ${firstOf(problems)}`,
});

/** Stays ready: the issuer itself serves the documents. */
const publishingCheck = (buckets: readonly BucketState[]): ReadinessCheck => ({
  name: 'mirror_publishing',
  ok: true,
  detail: buckets
    .map(({ bucket, publishedAt, failure }) => {
      const last = publishedAt === undefined ? 'never' : toTimestamp(publishedAt);
      return failure
        ? `${bucket} failed, last published ${last}: ${failure.reason} → ${failure.advice}`
        : `${bucket} last published ${last}`;
    })
    .join(', '),
});

function mirrorsCheck(mirrors: readonly MirrorState[]): ReadinessCheck {
  const problems = mirrors.flatMap(({ reason }) => reason ?? []);
  const unchecked = mirrors
    .filter(({ checkedAt }) => checkedAt === undefined)
    .map(({ mirror }) => `${mirror} not checked yet`);
  const texts = [...problems, ...unchecked];
  const detail = texts.length > 0 ? texts.join(', ') : `${mirrors.length} as served`;
  return { name: 'mirrors', ok: true, detail };
}

/** Every tenant can have its own keys, so a list is cut after this many. */
const maxListed = 5;

function firstOf(texts: readonly string[]): string {
  const more = texts.length - maxListed;
  return [...texts.slice(0, maxListed), ...(more > 0 ? [`${more} more`] : [])].join(', ');
}

function keysCheck(keyring: Keyring, algorithms: readonly Algorithm[]): ReadinessCheck {
  const { ms, stale } = keyring.staleness();
  if (stale) {
    const detail = `not signing: no contact with the store for ${Math.floor(ms / 1000)} s`;
    return { name: 'keys', ok: false, detail };
  }
  const active = keyring.list().filter((key) => key.state === 'active');
  const missing = algorithms.filter((alg) => !active.some((key) => key.alg === alg));
  return missing.length === 0
    ? {
        name: 'keys',
        ok: true,
        detail: `signing with ${active.map((key) => `${key.alg} ${key.kid}`).join(', ')}`,
      }
    : { name: 'keys', ok: false, detail: `no active key for ${missing.join(', ')}` };
}
