/** Typed access to the documents of one record type: updates by compare-and-swap, and an error for an unknown id. */
import { isDeepStrictEqual } from 'node:util';
import { createBoundedMap } from '../cache/index.ts';
import { type ErrorCode, SojournError } from '../errors/index.ts';
import type { InsertOptions, ListQuery, Page, RecordType, Store, Stored } from './contract.ts';

export interface Records<T> {
  /** Rejects with `document_unknown` if the document says something that this version does not know; so do `get` and `change`. */
  readonly find: (id: string) => Promise<T | undefined>;
  /** Rejects with the `…_not_found` of the record type. */
  readonly get: (id: string) => Promise<T>;
  readonly list: (query: ListQuery) => Promise<Page<T>>;
  readonly insert: (id: string, value: T, options?: InsertOptions) => Promise<void>;
  /**
   * Replaces the document with the result of `change`; calls it again with the newest value after a concurrent change.
   * Writes nothing if the result is the same object.
   */
  readonly change: (id: string, change: (value: T) => T | Promise<T>) => Promise<T>;
  /** For a document that was read in another way. */
  readonly assertKnown: (stored: Stored<T>) => void;
  /** Resolves to true if this call removed the document. Rejects with `version_conflict` if the newest value does not match `only`. */
  readonly remove: (id: string, only?: (value: T) => boolean) => Promise<boolean>;
}

const maxAttempts = 10;
/** How many documents are remembered as known. */
const maxKnown = 10_000;

/** @param unknownIn see `unknownPart`; for documents that restrict access */
export function records<T>(
  store: Store,
  recordType: RecordType,
  notFound: ErrorCode,
  unknownIn?: (value: T) => string | undefined,
): Records<T> {
  /** The version that was checked, by id: each is checked once. */
  const known = createBoundedMap<number>(maxKnown);
  const assertKnown = ({ id, version, value }: Stored<T>): void => {
    const part = unknownIn?.(value);
    if (part !== undefined) throw unknownDocument(recordType, id, part);
    known.set(id, version);
  };
  const read = async (id: string) => {
    const stored = await store.get<T>(recordType, id);
    if (!stored) throw new SojournError(notFound);
    return stored;
  };
  const readKnown = async (id: string) => {
    const stored = await read(id);
    assertKnown(stored);
    return stored;
  };
  return {
    async find(id) {
      const stored = await store.get<T>(recordType, id);
      if (stored && known.get(id) !== stored.version) assertKnown(stored);
      return stored?.value;
    },

    get: async (id) => (await readKnown(id)).value,
    assertKnown,

    async list(query) {
      const { items, next } = await store.list<T>(recordType, query);
      return { items: items.map((item) => item.value), ...(next === undefined ? {} : { next }) };
    },

    async insert(id, value, options) {
      if (!(await store.insert(recordType, id, value, options))) {
        throw new SojournError('internal', { cause: new Error(`the new id ${id} already exists`) });
      }
    },

    async change(id, change) {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const { value, version } = await readKnown(id);
        const changed = await change(value);
        if (changed === value) return value;
        if (await store.replace(recordType, id, version, changed)) return changed;
      }
      throw new SojournError('version_conflict');
    },

    async remove(id, only = () => true) {
      for (let attempt = 0; attempt < maxAttempts; attempt++) {
        const { value, version } = await read(id);
        if (!only(value)) break;
        if (await store.remove(recordType, id, version)) return true;
        if (!(await store.get(recordType, id))) return false;
      }
      throw new SojournError('version_conflict');
    },
  };
}

/** The operator's log and audit get the cause; the caller learns nothing of it. */
export const unknownDocument = (recordType: RecordType, id: string, part: string): SojournError =>
  new SojournError('document_unknown', {
    cause: new Error(
      `the ${recordType} ${id} has ${part.slice(0, 100)}, which this version of Sojourn does not know and which may restrict access: upgrade this server`,
    ),
  });

/** For `change`: the old document if the new one differs only in the time of its change. */
export const unlessSame = <T extends { readonly updated_at: string }>(old: T, changed: T): T =>
  isDeepStrictEqual({ ...old, updated_at: changed.updated_at }, changed) ? old : changed;
