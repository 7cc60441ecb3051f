/** Credentials in memory: served until shortly before they end, fetched by one call at a time, and not without bound. */
import type { Pass } from '../clouds/index.ts';
import type { Now } from '../time/index.ts';

interface Entry {
  readonly pass: Pass;
  readonly freshUntil: number;
}

/** Credentials are renewed when a quarter of their life is left, or five minutes: SDKs do not take them much later. */
const longestMarginMs = 300_000;
/** Credentials with less left than this are of no use to whoever gets them. */
const leastUseMs = 60_000;
/** While old credentials are served because a cloud is down, one try in this time is made for all callers. */
const pauseMs = 10_000;

export interface PassCache {
  /**
   * The kept pass, or what `fetch` brings. When `fetch` fails and the kept one still has life, that is served; after a
   * failure that `mayServeOld` does not take for an outage it is gone.
   */
  get(
    key: string,
    fetch: () => Promise<Pass>,
    mayServeOld: (error: unknown) => boolean,
  ): Promise<{ pass: Pass; cached: boolean }>;
  readonly size: number;
}

export function createPassCache(now: Now, maxEntries: number): PassCache {
  const kept = new Map<string, Entry>();
  const flights = new Map<string, Promise<Pass>>();

  const fetchOnce = (key: string, fetch: () => Promise<Pass>): Promise<Pass> => {
    const inFlight = flights.get(key);
    if (inFlight) return inFlight;
    // Kept before the flight ends: there is no moment at which a caller finds neither.
    const flight = fetch()
      .then((pass) => keep(key, pass))
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };

  const keep = (key: string, pass: Pass): Pass => {
    const margin = Math.min(longestMarginMs, (pass.expiresAt - now()) / 4);
    kept.delete(key);
    kept.set(key, { pass, freshUntil: pass.expiresAt - margin });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
    return pass;
  };

  return {
    async get(key, fetch, mayServeOld) {
      const entry = kept.get(key);
      if (entry && now() < entry.freshUntil) return { pass: entry.pass, cached: true };
      try {
        return { pass: await fetchOnce(key, fetch), cached: false };
      } catch (error) {
        const usableUntil = (entry?.pass.expiresAt ?? 0) - leastUseMs;
        const isNewest = kept.get(key) === entry;
        // A refusal stands until there is a yes: a later outage must not bring the old pass back.
        if (isNewest && !mayServeOld(error)) kept.delete(key);
        if (!entry || now() > usableUntil || !mayServeOld(error)) throw error;
        if (isNewest) {
          kept.set(key, { ...entry, freshUntil: Math.min(now() + pauseMs, usableUntil) });
        }
        return { pass: entry.pass, cached: true };
      }
    },
    get size() {
      return kept.size;
    },
  };
}
