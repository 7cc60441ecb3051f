/**
 * Reads that outlast an outage: a store that answers with what this process has read before while the real one is unavailable. For
 * decisions about credentials that are in memory already; nothing may be issued on it.
 */
import { createBoundedMap } from '../cache/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Elapsed } from '../time/index.ts';
import type { Store } from './contract.ts';

interface Read {
  readonly answer: unknown;
  readonly at: number;
}

/** Documents of clients, connections and tenants that are in use. */
const maxReads = 50_000;
/** A longer memory would know more, but miss more revocations of other replicas; see docs/operations.md. */
const rememberedMs = 15 * 60_000;
/** While the store is unavailable, one read in this time tries it, so that the others do not wait. */
const retryMs = 1_000;

export interface Remembered {
  /** The store, whose writes forget what they change. Everything else of the process uses it. */
  readonly store: Store;
  /** The store with memory. */
  readonly reads: Store;
}

export function rememberReads(store: Store, elapsed: Elapsed): Remembered {
  const memory = createBoundedMap<Read>(maxReads);
  let contactAt = elapsed();
  let retryAt = 0;
  /** Counts writes: what was read before one must not be remembered after it. */
  let writes = 0;

  async function remember<T>(key: string, read: () => Promise<T>): Promise<T> {
    const known = memory.get(key);
    // As of the last contact: an outage may last longer than the memory.
    const isUsable = known !== undefined && contactAt - known.at <= rememberedMs;
    if (isUsable && elapsed() < retryAt) return known.answer as T;
    const [startedAt, seen] = [elapsed(), writes];
    if (isUsable && retryAt > 0) retryAt = startedAt + retryMs;
    try {
      const answer = await read();
      contactAt = elapsed();
      retryAt = 0;
      if (seen === writes) memory.set(key, { answer, at: startedAt });
      return answer;
    } catch (error) {
      if (!isOutage(error) || !isUsable || seen !== writes) throw error;
      retryAt = elapsed() + retryMs;
      return known.answer as T;
    }
  }

  /** Whether or not it succeeds: a write that rejects may have succeeded. */
  const forgetting =
    <Args extends [recordType: string, id: string, ...unknown[]], T>(write: (...args: Args) => Promise<T>) =>
    (...args: Args): Promise<T> => {
      writes++;
      const [recordType, id] = args;
      memory.delete(`get ${recordType} ${id}`);
      memory.delete(`versions ${recordType}`);
      return write(...args).finally(() => {
        writes++;
      });
    };

  const following: Store = {
    ...store,
    insert: forgetting(store.insert),
    replace: forgetting(store.replace),
    remove: forgetting(store.remove),
  };
  return {
    store: following,
    reads: {
      ...following,
      get: (recordType, id) => remember(`get ${recordType} ${id}`, () => store.get(recordType, id)),
      versions: (recordType) => remember(`versions ${recordType}`, () => store.versions(recordType)),
    },
  };
}

const isOutage = (error: unknown): boolean =>
  error instanceof SojournError && error.code === 'store_unavailable';
