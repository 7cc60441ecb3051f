/**
 * Documents of one kind, as the rooms use them. Owns: read-change-replace by compare-and-swap, and the refusal for an
 * unknown id. Does not own: what stands in the documents.
 */
import { type ErrorCode, SojournError } from '../errors/index.ts';
import type { InsertOptions, Kind, ListQuery, Page, Store } from './contract.ts';

export interface Records<T> {
  readonly find: (id: string) => Promise<T | undefined>;
  /** Rejects with the kind's `…_not_found`. */
  readonly get: (id: string) => Promise<T>;
  readonly list: (query: ListQuery) => Promise<Page<T>>;
  readonly insert: (id: string, value: T, options?: InsertOptions) => Promise<void>;
  /** Replaces the document by what `change` makes of it; repeated from the newest state when somebody was faster. */
  readonly change: (id: string, change: (value: T) => T | Promise<T>) => Promise<T>;
  /** True when this call removed it. Rejects with `version_conflict` when `only` does not hold for the newest state. */
  readonly remove: (id: string, only?: (value: T) => boolean) => Promise<boolean>;
}

const maxTries = 10;

export function records<T>(store: Store, kind: Kind, notFound: ErrorCode): Records<T> {
  const read = async (id: string) => {
    const stored = await store.get<T>(kind, id);
    if (!stored) throw new SojournError(notFound);
    return stored;
  };
  return {
    find: async (id) => (await store.get<T>(kind, id))?.value,
    get: async (id) => (await read(id)).value,

    async list(query) {
      const { items, next } = await store.list<T>(kind, query);
      return { items: items.map((item) => item.value), ...(next === undefined ? {} : { next }) };
    },

    async insert(id, value, options) {
      if (!(await store.insert(kind, id, value, options))) {
        throw new SojournError('internal', { cause: new Error(`the new id ${id} was taken`) });
      }
    },

    async change(id, change) {
      for (let tries = 0; tries < maxTries; tries++) {
        const { value, version } = await read(id);
        const changed = await change(value);
        if (await store.replace(kind, id, version, changed)) return changed;
      }
      throw new SojournError('version_conflict');
    },

    async remove(id, only = () => true) {
      for (let tries = 0; tries < maxTries; tries++) {
        const { value, version } = await read(id);
        if (!only(value)) break;
        if (await store.remove(kind, id, version)) return true;
        if (!(await store.get(kind, id))) return false;
      }
      throw new SojournError('version_conflict');
    },
  };
}
