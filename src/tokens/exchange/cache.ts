/** Credentials in memory: served until shortly before they end, fetched by one call at a time, and not without bound. */
import type { Credentials } from '../../clouds/index.ts';
import { type Elapsed, laterOf, type Now } from '../../platform/time/index.ts';

interface Entry {
  readonly pass: Credentials;
  /** By which the pass ages. */
  readonly hour: Now;
  /** From here on one call in the background brings new ones, and nobody waits for it. */
  readonly renewFrom: number;
  /** From here on callers wait for new ones. */
  readonly freshUntil: number;
}

/** Nobody is handed less than a quarter of their life, or five minutes: SDKs do not take them much later. */
const longestMarginMs = 300_000;
/** Credentials with less left than this are of no use to whoever gets them. */
const leastUseMs = 60_000;
/** While old credentials are served because there can be no new ones, one try in this time is made for all callers. */
const pauseMs = 10_000;

type MayServeOld = (error: unknown) => boolean;

const usableUntil = ({ pass }: Entry): number => pass.expiresAt - leastUseMs;

export interface PassCache {
  /**
   * The kept pass, or what `fetch` brings. When `fetch` fails and the kept one still has life, that is served; after a
   * failure that `mayServeOld` does not take for an outage it is gone.
   */
  get(
    key: string,
    fetch: () => Promise<Credentials>,
    mayServeOld: MayServeOld,
  ): Promise<{ pass: Credentials; cached: boolean }>;
  readonly size: number;
}

export function createPassCache(now: Now, elapsed: Elapsed, maxEntries: number): PassCache {
  const kept = new Map<string, Entry>();
  const flights = new Map<string, Promise<Credentials>>();

  const fetchOnce = (
    key: string,
    fetch: () => Promise<Credentials>,
    mayServeOld: MayServeOld,
  ): Promise<Credentials> => {
    const inFlight = flights.get(key);
    if (inFlight) return inFlight;
    // What came of it is kept before the flight ends: there is no moment at which a caller finds neither.
    const flight = fetch()
      .then(
        (pass) => keep(key, pass),
        (error: unknown) => {
          keepOld(key, mayServeOld(error));
          throw error;
        },
      )
      .finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };

  const keepOld = (key: string, mayServe: boolean): void => {
    const entry = kept.get(key);
    if (!entry) return;
    // A refusal stands until there is a yes: a later outage must not bring the old pass back.
    if (!mayServe) return void kept.delete(key);
    const pauseEnd = Math.min(entry.hour() + pauseMs, usableUntil(entry));
    kept.set(key, { ...entry, renewFrom: pauseEnd, freshUntil: Math.max(entry.freshUntil, pauseEnd) });
  };

  const keep = (key: string, pass: Credentials): Credentials => {
    const margin = Math.min(longestMarginMs, (pass.expiresAt - now()) / 4);
    kept.delete(key);
    kept.set(key, {
      pass,
      hour: laterOf(now, elapsed),
      renewFrom: pass.expiresAt - 2 * margin,
      freshUntil: pass.expiresAt - margin,
    });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
    return pass;
  };

  return {
    async get(key, fetch, mayServeOld) {
      const entry = kept.get(key);
      if (entry && entry.hour() < entry.freshUntil) {
        // How it ends is kept, and told by whoever fetches.
        if (entry.hour() >= entry.renewFrom) fetchOnce(key, fetch, mayServeOld).catch(() => undefined);
        return { pass: entry.pass, cached: true };
      }
      try {
        return { pass: await fetchOnce(key, fetch, mayServeOld), cached: false };
      } catch (error) {
        if (!entry || entry.hour() > usableUntil(entry) || !mayServeOld(error)) throw error;
        return { pass: entry.pass, cached: true };
      }
    },
    get size() {
      return kept.size;
    },
  };
}
