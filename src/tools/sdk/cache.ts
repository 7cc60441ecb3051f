/** A cache of values that expire, with one load at a time for each key. */
import { isRefusal, isTransient } from './error.ts';
import { createSingleFlight } from './single-flight.ts';

interface Entry<T> {
  readonly value: T;
  readonly renewAt: number;
  /** The wall clock, or the time of caching plus the time elapsed since, if later: a clock set back extends nothing. */
  readonly clock: () => number;
}

/** A value with less time left is not served: it would expire in use. */
const minRemainingMs = 60_000;
/** While the server is down, the cache serves the current value and retries once in this time. */
const retryMs = 10_000;
const maxEntries = 10_000;

export interface Cache<T> {
  /** The cached value or the result of `load`. If `load` fails with a transient error, the cached value is served longer. */
  get(key: string, load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Removes the value if it is still the cached one. */
  forget(key: string, value: T): void;
  /** Removes all values, and caches no result of a load that is running. */
  clear(): void;
}

/**
 * @param marginMs how long before expiry a value is renewed, at most half of the lifetime it had left when cached
 * @param now wall clock, in milliseconds since the epoch
 * @param elapsed monotonic clock, in milliseconds
 */
export function createCache<T extends { readonly expiresAt: Date }>(
  marginMs: number,
  now: () => number,
  elapsed: () => number = () => performance.now(),
): Cache<T> {
  const entries = new Map<string, Entry<T>>();
  let generation = 0;
  const share = createSingleFlight<T>();

  const store = (key: string, value: T): T => {
    const expiresAt = value.expiresAt.valueOf();
    const [cachedAt, elapsedAtCaching] = [now(), elapsed()];
    const clock = () => Math.max(now(), cachedAt + elapsed() - elapsedAtCaching);
    entries.delete(key);
    entries.set(key, { value, renewAt: expiresAt - Math.min(marginMs, (expiresAt - cachedAt) / 2), clock });
    for (const oldest of entries.keys()) {
      if (entries.size <= maxEntries) break;
      entries.delete(oldest);
    }
    return value;
  };

  return {
    async get(key, load, signal) {
      signal?.throwIfAborted();
      const entry = entries.get(key);
      if (entry && entry.clock() < entry.renewAt) return entry.value;
      const loadAndStore = async (loadSignal: AbortSignal): Promise<T> => {
        const startedIn = generation;
        try {
          const value = await load(loadSignal);
          return startedIn === generation ? store(key, value) : value;
        } catch (error) {
          // Evict on refusal, so that a later outage does not bring the old value back.
          if (isRefusal(error)) entries.delete(key);
          // It may have been forgotten during the load.
          const isCurrent = entries.get(key) === entry;
          const isUsable =
            isCurrent && entry && entry.clock() < entry.value.expiresAt.valueOf() - minRemainingMs;
          if (!isUsable || loadSignal.aborted || !isTransient(error)) throw error;
          entries.set(key, { ...entry, renewAt: entry.clock() + retryMs });
          return entry.value;
        }
      };
      return share(key, loadAndStore, signal);
    },
    forget(key, value) {
      if (entries.get(key)?.value === value) entries.delete(key);
    },
    clear() {
      generation++;
      entries.clear();
    },
  };
}
