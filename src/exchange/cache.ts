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

export interface PassCache {
  /** The kept pass, or what `fetch` brings. When `fetch` fails and the kept one still has life, that is served. */
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
    const flight = flights.get(key) ?? fetch().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };

  const keep = (key: string, pass: Pass): void => {
    const margin = Math.min(longestMarginMs, (pass.expiresAt - now()) / 4);
    kept.delete(key);
    kept.set(key, { pass, freshUntil: pass.expiresAt - margin });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
  };

  return {
    async get(key, fetch, mayServeOld) {
      const entry = kept.get(key);
      if (entry && now() < entry.freshUntil) return { pass: entry.pass, cached: true };
      try {
        const pass = await fetchOnce(key, fetch);
        keep(key, pass);
        return { pass, cached: false };
      } catch (error) {
        if (entry && entry.pass.expiresAt - now() > leastUseMs && mayServeOld(error)) {
          return { pass: entry.pass, cached: true };
        }
        throw error;
      }
    },
    get size() {
      return kept.size;
    },
  };
}
