/**
 * Caches in memory. Owns: bounds on their size, and single-flight: concurrent callers of one key share one request. Does
 * not own: what is cached, or for how long.
 */
import { LRUCache } from 'lru-cache';

/** The least recently used entry is dropped for a new one. `get` and `set` count as uses, `peek` does not. */
export type BoundedMap<Value extends NonNullable<unknown>> = Pick<
  LRUCache<string, Value>,
  'get' | 'peek' | 'set' | 'delete' | 'entries' | 'size'
>;

/** @param max number of entries */
export const createBoundedMap = <Value extends NonNullable<unknown>>(max: number): BoundedMap<Value> =>
  new LRUCache<string, Value>({ max });

/** Concurrent callers of one key share one call of `work`, and its result or error. */
export function createSingleFlight<Value>(): (key: string, work: () => Promise<Value>) => Promise<Value> {
  const flights = new Map<string, Promise<Value>>();
  return (key, work) => {
    const running = flights.get(key);
    if (running) return running;
    const flight = work().finally(() => flights.delete(key));
    flights.set(key, flight);
    return flight;
  };
}
