/** Things with an end, kept until shortly before it and fetched by one call at a time. */
import { isPassing, isRefusal } from './error.ts';
import { createFlights } from './flights.ts';

interface Entry<T> {
  readonly value: T;
  readonly renewAt: number;
  /** The later of what the wall clock says and what has passed: nothing lives longer because that was set back. */
  readonly hour: () => number;
}

/** With less left than this a value is of no use to whoever gets it. */
const leastUseMs = 60_000;
/** While the server is down, the kept value is served and one try in this time is made. */
const pauseMs = 10_000;
const maxEntries = 10_000;

export interface Kept<T> {
  /** The kept value, or what `load` brings; the kept one as well when `load` fails by a fault of the moment, and no refusal. */
  get(key: string, load: (signal: AbortSignal) => Promise<T>, signal: AbortSignal | undefined): Promise<T>;
  /** Forgets the value if it is still the one that is kept. */
  forget(key: string, value: T): void;
}

/**
 * @param marginMs how long before its end a value is renewed: this, or half of what it had left when it came
 * @param now milliseconds since the epoch
 * @param elapsed milliseconds that pass whatever is done to the wall clock
 */
export function createKept<T extends { readonly expiresAt: Date }>(
  marginMs: number,
  now: () => number,
  elapsed: () => number = () => performance.now(),
): Kept<T> {
  const kept = new Map<string, Entry<T>>();
  const join = createFlights<T>();

  const keep = (key: string, value: T): T => {
    const end = value.expiresAt.valueOf();
    const [came, begun] = [now(), elapsed()];
    const hour = () => Math.max(now(), came + elapsed() - begun);
    kept.delete(key);
    kept.set(key, { value, renewAt: end - Math.min(marginMs, (end - came) / 2), hour });
    for (const oldest of kept.keys()) {
      if (kept.size <= maxEntries) break;
      kept.delete(oldest);
    }
    return value;
  };

  return {
    async get(key, load, signal) {
      signal?.throwIfAborted();
      const entry = kept.get(key);
      if (entry && entry.hour() < entry.renewAt) return entry.value;
      const loadAndKeep = async (ending: AbortSignal): Promise<T> => {
        try {
          return keep(key, await load(ending));
        } catch (error) {
          // A refusal stands until there is a yes: a later outage must not bring the old value back.
          if (isRefusal(error)) kept.delete(key);
          const usable = entry && entry.hour() < entry.value.expiresAt.valueOf() - leastUseMs;
          if (!usable || ending.aborted || !isPassing(error)) throw error;
          kept.set(key, { ...entry, renewAt: entry.hour() + pauseMs });
          return entry.value;
        }
      };
      return join(key, loadAndKeep, signal);
    },
    forget(key, value) {
      if (kept.get(key)?.value === value) kept.delete(key);
    },
  };
}
