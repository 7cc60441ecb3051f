/** The store contract. It has few operations, because every backend must implement each atomically and durably. */

import type { Logger } from '../log/index.ts';
import type { Now } from '../time/index.ts';
import type { Continuity } from './continuity.ts';

/** A namespace of documents: the same id can exist in two record types. */
export type RecordType =
  | 'tenant'
  | 'client'
  | 'connection'
  /** A principal that all customers share, or that belongs to one tenant. */
  | 'shared_principal'
  /** Whether issuing is suspended; see `access/suspension`. */
  | 'suspension'
  | 'ring'
  | 'setting'
  /** Single use: a token's jti, or a turn at a job that one replica does. */
  | 'claim'
  /** When a client's secret was last used. */
  | 'secret_use'
  | 'webhook'
  | 'delivery'
  | 'outbox'
  | 'policy'
  | 'verification'
  | 'invitation'
  | 'approval'
  /** Credentials that clients hold; see the outage budget. */
  | 'served';

/**
 * Record types that restrict access. The store counts their documents, so that the loss of one is noticed: there are as many as
 * were inserted and not removed.
 */
export const countedTypes = ['tenant', 'client', 'connection', 'approval', 'policy', 'suspension'] as const;

export type CountedType = (typeof countedTypes)[number];

/** How many documents were ever inserted and removed; neither number decreases. */
export type Totals = Readonly<Record<CountedType, { readonly inserted: number; readonly removed: number }>>;

export interface Stored<T> {
  readonly id: string;
  /**
   * 1 when inserted, and incremented by each replace. It restarts at 1 if an id is inserted again after its removal, so
   * documents that use compare-and-swap must never reuse an id.
   */
  readonly version: number;
  readonly value: T;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Pass as `after` for the next page; absent on the last one. */
  readonly next?: string;
}

export interface ListQuery {
  /** Only documents inserted with this `within`, such as a connection's tenant. */
  readonly within?: string;
  /** Continue after this id. Ids are sorted bytewise. */
  readonly after?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

/** A version of a document, as it was read. */
export interface DocumentVersion {
  readonly recordType: RecordType;
  readonly id: string;
  readonly version: number;
}

export interface InsertOptions {
  /** The owner by which `list` can filter; not empty, and never changed. */
  readonly within?: string;
  /**
   * Milliseconds since the epoch (an integer) after which the document counts as absent; never changed. The reading
   * process compares it with its own clock: the clock with which it also checks the assertion that must not be reused.
   */
  readonly expiresAt?: number;
  /** Inserts only if this other document still has this version; otherwise the insert resolves to false. */
  readonly ifUnchanged?: DocumentVersion;
}

/** An entry of the append-only journal (the audit log). */
export interface JournalEntry {
  /** Milliseconds since the epoch (an integer). */
  readonly at: number;
  readonly value: unknown;
  /** Canonical JSON of the value, if the caller has it already. */
  readonly text?: string;
}

export interface JournalQuery {
  /** Only entries with all of these keys; `journal/keys.ts` derives the keys of an entry. */
  readonly keys?: readonly string[];
  /** Milliseconds since the epoch, inclusive. */
  readonly from?: number;
  readonly to?: number;
  /** Continue with entries older than this sequence number. */
  readonly before?: number;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface JournalLine {
  /** 1 for the first line, and one more for each append. */
  readonly sequence: number;
  readonly at: number;
  readonly value: unknown;
}

/** A line with what its leaf in the Merkle tree commits to. */
export interface SealedLine {
  readonly sequence: number;
  readonly at: number;
  /** 16 random bytes; empty for a line that was written without one. */
  readonly salt: Uint8Array;
  /** Canonical JSON of the entry; undefined if it was pruned. */
  readonly text: string | undefined;
}

/** A tile of the Merkle tree: hashes of 32 bytes, up to 256 of them. See C2SP tlog-tiles. */
export interface Tile {
  readonly level: number;
  readonly index: number;
  readonly hashes: Uint8Array;
}

/** What was last sealed: the lines up to `size`. */
export interface Seal {
  readonly size: number;
  /** The root of the Merkle tree of these lines. */
  readonly root: Uint8Array;
  /** Signed; C2SP tlog-checkpoint. */
  readonly checkpoint: string;
  /** JSON of the values outside the journal to which the checkpoint commits, with its salt. */
  readonly marks: string;
}

/** The journal as a Merkle tree. Lines are written first; their tiles and checkpoint follow within a second. */
export interface JournalLog {
  /** Lines with higher numbers than `after`, ascending. `limit`: 1 to 5,000. */
  lines(after: number, limit: number): Promise<readonly SealedLine[]>;
  /** The hashes of a tile; undefined if it does not exist. */
  tile(level: number, index: number): Promise<Uint8Array | undefined>;
  /** Whether the last line that this process appended is still there. */
  continues(): Promise<boolean>;
  /** Undefined before the first seal. */
  sealed(): Promise<Seal | undefined>;
  /** Stores tiles and seal in one transaction if the last seal has the size `previous`, 0 for none; otherwise resolves to false. */
  seal(previous: number, next: Seal, tiles: readonly Tile[]): Promise<boolean>;
  /**
   * Removes text, salt and index entries of lines in one transaction; their numbers, times and hashes stay. Resolves to false,
   * and removes nothing, if one of them is not sealed and indexed. `sequences`: up to 4,096.
   */
  prune(sequences: readonly number[]): Promise<boolean>;
}

/**
 * Values are plain JSON; anything else throws a TypeError. Every promise rejects with SojournError `store_unavailable` if
 * the backend does not answer within its deadline (under 2 s); a write that rejects this way may still have succeeded.
 * A damaged database rejects with `state_unusable`. A resolved write has reached the disk (SQLite, PostgreSQL) or the
 * server (Redis; its durability depends on the server's persistence settings). An append to a store that has lost the last line of this
 * process rejects with `store_rolled_back`, and so does every write after it.
 */
export interface Store {
  get<T>(recordType: RecordType, id: string): Promise<Stored<T> | undefined>;
  list<T>(recordType: RecordType, query: ListQuery): Promise<Page<Stored<T>>>;
  /** The version of every document by id, to find changes without reading the values. For record types with few documents. */
  versions(recordType: RecordType): Promise<ReadonlyMap<string, number>>;
  /** Exactly one of several concurrent inserts of one id resolves to true. */
  insert(recordType: RecordType, id: string, value: unknown, options?: InsertOptions): Promise<boolean>;
  /**
   * Compare-and-swap: if the stored version is `version`, replaces the value, increments the version and resolves to
   * true; otherwise resolves to false. Keeps the owner and the expiry.
   */
  replace(recordType: RecordType, id: string, version: number, value: unknown): Promise<boolean>;
  /** Compare-and-delete. */
  remove(recordType: RecordType, id: string, version: number): Promise<boolean>;
  /** Counted in the transactions of the writes. */
  totals(): Promise<Totals>;
  /** How many documents there are, expired ones included. Reads the id of each. */
  countDocuments(recordType: RecordType): Promise<number>;
  /** After the loss of documents was accepted: counts them as removed. */
  acceptMissing(): Promise<void>;
  append(entry: JournalEntry): Promise<number>;
  /** Newest first, exact even for lines that are not indexed yet. Pass `next` of a page, a decimal number, as `before` for the following page. */
  search(query: JournalQuery): Promise<Page<JournalLine>>;
  /**
   * How many entries with this key the journal has since `from`, counted up to `max`. Reads only the index, the lines of the
   * hour in which `from` is, and lines that are not indexed yet.
   */
  count(query: { readonly key: string; readonly from: number; readonly max: number }): Promise<number>;
  readonly log: JournalLog;
  /** Once it has a fault, every write rejects with `store_rolled_back`. */
  readonly continuity: Continuity;
  /** The store's own clock, in milliseconds since the epoch. Absent if it is that of this process, as with SQLite. */
  clock?(): Promise<number>;
  /** Writes a small value; rejects if the store cannot be read or written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** The members about documents. */
export type DocumentStore = Pick<
  Store,
  | 'get'
  | 'list'
  | 'versions'
  | 'insert'
  | 'replace'
  | 'remove'
  | 'totals'
  | 'countDocuments'
  | 'acceptMissing'
>;

/** Dependencies of every backend. */
export interface StoreDependencies {
  /** For events outside a call: lost and restored connections, settings that risk data loss. */
  readonly logger: Logger;
  readonly now: Now;
  /** Whether SQLite's files may be accessible to other users. */
  readonly sharedDatabase?: boolean;
}
