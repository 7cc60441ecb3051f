/** Credentials in memory, served until shortly before they expire. Concurrent callers share one exchange. */
import type { Credentials } from '../../clouds/index.ts';
import { createBoundedMap, createSingleFlight } from '../../platform/cache/index.ts';
import { type Elapsed, monotonicClock, type Now } from '../../platform/time/index.ts';

interface Entry {
  readonly credentials: Credentials;
  /** The clock by which they expire: cached credentials still expire on time if the wall clock moves back. */
  readonly clock: Now;
  /** From then on one refresh in the background brings new ones, and no caller waits for it. */
  readonly refreshFrom: number;
  /** From then on callers wait for new ones. */
  readonly freshUntil: number;
}

/** At least a quarter of their life, or five minutes, is left of what is served: SDKs refresh that early. */
const longestMarginMs = 300_000;
/** Credentials with less left than this are of no use to a caller. */
const leastUseMs = 60_000;
/** A cloud's refusal is repeated for this long without asking again. A customer who fixes the cause waits no longer. */
const refusedMs = 3_000;
/** While stale credentials are served in an outage, all callers together make one attempt in this time. */
const retryMs = 10_000;

export interface GetOptions {
  /** Brings new credentials. */
  readonly fetch: () => Promise<Credentials>;
  /** Whether cached credentials stay valid after this error. Any other error evicts them. */
  readonly staleOn: (error: unknown) => boolean;
  /** Whether this error is the cloud's refusal, which is repeated for a while; without it, none is. */
  readonly isRefusal?: (error: unknown) => boolean;
  /** Called before a refusal is repeated. */
  readonly onRepeat?: (refusal: unknown) => Promise<void>;
}

interface Refusal {
  readonly error: unknown;
  readonly clock: Now;
  readonly until: number;
}

export interface CredentialsCache {
  /** Cached credentials, a recent refusal, or what `fetch` brings. While it fails with an error of `staleOn`, usable old ones are served. */
  get(key: string, options: GetOptions): Promise<{ credentials: Credentials; cached: boolean }>;
  readonly size: number;
}

const usableUntil = ({ credentials }: Entry): number => credentials.expiresAt - leastUseMs;

export function createCredentialsCache({
  now,
  elapsed,
  maxEntries,
}: {
  now: Now;
  elapsed: Elapsed;
  maxEntries: number;
}): CredentialsCache {
  const entries = createBoundedMap<Entry>(maxEntries);
  const refusals = createBoundedMap<Refusal>(maxEntries);
  const singleFlight = createSingleFlight<Credentials>();

  /** The entry is stored before the flight ends, so a caller always finds one of them. */
  const refresh = (key: string, { fetch, staleOn, isRefusal }: GetOptions): Promise<Credentials> =>
    singleFlight(key, async () => {
      try {
        const credentials = await fetch();
        store(key, credentials);
        return credentials;
      } catch (error) {
        // A refusal holds until an exchange succeeds: a later outage must not bring old credentials back.
        if (staleOn(error)) keepStale(key);
        else entries.delete(key);
        if (isRefusal?.(error)) {
          const clock = monotonicClock(now, elapsed);
          refusals.set(key, { error, clock, until: clock() + refusedMs });
        }
        throw error;
      }
    });

  function store(key: string, credentials: Credentials): void {
    const margin = Math.min(longestMarginMs, (credentials.expiresAt - now()) / 4);
    entries.set(key, {
      credentials,
      clock: monotonicClock(now, elapsed),
      refreshFrom: credentials.expiresAt - 2 * margin,
      freshUntil: credentials.expiresAt - margin,
    });
  }

  function keepStale(key: string): void {
    const entry = entries.get(key);
    if (!entry) return;
    const retryAt = Math.min(entry.clock() + retryMs, usableUntil(entry));
    entries.set(key, { ...entry, refreshFrom: retryAt, freshUntil: Math.max(entry.freshUntil, retryAt) });
  }

  return {
    async get(key, options) {
      const entry = entries.get(key);
      if (entry && entry.clock() < entry.freshUntil) {
        // The refresh stores its result and audits its errors itself.
        if (entry.clock() >= entry.refreshFrom) refresh(key, options).catch(() => undefined);
        return { credentials: entry.credentials, cached: true };
      }
      const refusal = refusals.get(key);
      if (refusal && refusal.clock() < refusal.until) {
        await options.onRepeat?.(refusal.error);
        throw refusal.error;
      }
      try {
        return { credentials: await refresh(key, options), cached: false };
      } catch (error) {
        if (!entry || entry.clock() > usableUntil(entry) || !options.staleOn(error)) throw error;
        return { credentials: entry.credentials, cached: true };
      }
    },
    get size() {
      return entries.size;
    },
  };
}
