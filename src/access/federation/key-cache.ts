/** Caches remote JWKS. Fetches again when an entry is old or a token names an unknown kid. */
import { createBoundedMap, createSingleFlight } from '../../platform/cache/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { RemoteKey } from './jwks.ts';
import type { RemoteJwks } from './remote-jwks.ts';

/** A remote JWKS. */
export interface KeySource {
  /** The cache key. */
  readonly id: string;
  fetch(): Promise<RemoteJwks>;
  /** The error to throw while no keys are available; `retryAfter` in whole seconds. */
  missing(fault: string, retryAfter: number): SojournError;
}

export interface KeyCache {
  /** The keys of the source. Fetches them if `wanted` does not accept the cached ones. */
  keysOf(source: KeySource, wanted: (keys: readonly RemoteKey[]) => boolean): Promise<readonly RemoteKey[]>;
}

interface CacheEntry {
  keys: readonly RemoteKey[];
  /** Times of the last successful fetch and of the last attempt; -Infinity before the first. */
  fetched: number;
  tried: number;
  fault: string;
}

/** A key that its owner has withdrawn is accepted for at most this long. */
const freshMs = 5 * 60_000;
/** While a fetch fails, the last keys are used for this long. */
const staleMs = 60 * 60_000;
/** Shortest time between two fetches, so that forged kids cannot cause more. */
const pauseMs = 30_000;
/** Far more than the number of sources, each of which belongs to a client. */
const maxKept = 10_000;

export function createKeyCache(now: Now): KeyCache {
  const kept = createBoundedMap<CacheEntry>(maxKept);
  const singleFlight = createSingleFlight<CacheEntry>();

  /** The age of a time. A time in the future dates from before the clock was set back and counts as infinitely old. */
  const since = (at: number): number => (at > now() ? Infinity : now() - at);

  function entryOf(id: string): CacheEntry {
    const known = kept.get(id);
    if (known) return known;
    const entry: CacheEntry = { keys: [], fetched: -Infinity, tried: -Infinity, fault: '' };
    kept.set(id, entry);
    return entry;
  }

  /** Concurrent callers of one source wait for the same fetch. None starts soon after the last one. */
  const refresh = (entry: CacheEntry, source: KeySource): Promise<CacheEntry> =>
    singleFlight(source.id, async () => {
      if (since(entry.tried) < pauseMs) return entry;
      entry.tried = now();
      try {
        const { keys, url } = await source.fetch();
        entry.keys = keys;
        entry.fetched = now();
        if (keys.length === 0) entry.fault = `${url} lists no key that can verify.`;
      } catch (error) {
        entry.fault = error instanceof SojournError ? error.message : 'for an unknown reason';
      }
      return entry;
    });

  return {
    async keysOf(source, wanted) {
      const known = entryOf(source.id);
      const isUsable = since(known.fetched) <= freshMs && wanted(known.keys);
      const entry = isUsable ? known : await refresh(known, source);
      // Tolerates a clock that was set back a little while the issuer is down.
      if (entry.keys.length > 0 && Math.abs(now() - entry.fetched) <= staleMs) return entry.keys;
      throw source.missing(entry.fault, Math.max(1, Math.ceil((pauseMs - since(entry.tried)) / 1000)));
    },
  };
}
