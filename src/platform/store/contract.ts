/** What a store must do. Few verbs, because every backend has to do each of them atomically and durably. */
import type { Logger } from '../log/index.ts';
import type { Now } from '../time/index.ts';

/** The kinds of documents that are kept. A kind is a namespace: the same id may stand in two kinds. */
export type Kind =
  | 'tenant'
  | 'client'
  | 'connection'
  | 'ring'
  | 'setting'
  | 'once'
  | 'use'
  | 'webhook'
  | 'delivery'
  | 'outbox'
  | 'policy'
  | 'report'
  | 'invitation'
  | 'approval'
  | 'live';

export interface Stored<T> {
  readonly id: string;
  /**
   * 1 when inserted, one more with each replace. It starts again when an id is inserted anew, so documents that are
   * compared and swapped never share an id with a former one.
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
  /** Only the documents inserted with this `within` (a connection's tenant). */
  readonly within?: string;
  /** Continue behind this id. Ids sort by their bytes. */
  readonly after?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export interface InsertOptions {
  /** The owner by which `list` can filter: not empty, and fixed for the life of the document. */
  readonly within?: string;
  /**
   * Milliseconds since the epoch (an integer) from which on the document counts as absent; fixed for its life. Judged by
   * the clock of the process that asks: the same clock by which it judges the assertion whose reuse is to be refused.
   */
  readonly expiresAt?: number;
}

/** A line of the append-only journal (the audit log). */
export interface JournalEntry {
  /** Milliseconds since the epoch (an integer). */
  readonly at: number;
  /** Words by which the entry is found again: a connection id, a client id, a jti. */
  readonly keys: readonly string[];
  readonly value: unknown;
}

export interface JournalQuery {
  /** Only entries that carry all of these keys. */
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
  /** Rises with every append and is never given twice. */
  readonly sequence: number;
  readonly at: number;
  readonly value: unknown;
}

/**
 * Values are plain JSON; anything else is a TypeError. Every promise rejects with SojournError `store_unavailable` when
 * the backend does not answer within its deadline (under 2 s): never a hang, never a guess. A write that was rejected
 * so may have been done all the same. Damage found while serving rejects with `state_unusable`. A resolved write has
 * reached the disk (SQLite) or the server (Redis; how durable that is, the server's own persistence decides).
 */
export interface Store {
  get<T>(kind: Kind, id: string): Promise<Stored<T> | undefined>;
  list<T>(kind: Kind, query: ListQuery): Promise<Page<Stored<T>>>;
  /** The version of every document of a kind that has few, by id: what has changed, without reading it all again. */
  versions(kind: Kind): Promise<ReadonlyMap<string, number>>;
  /** Once only: of any number of concurrent inserts of one id exactly one answers true. */
  insert(kind: Kind, id: string, value: unknown, options?: InsertOptions): Promise<boolean>;
  /**
   * Compare-and-swap: true and version + 1 if the stored version is `version`, else false and nothing changed.
   * The document keeps its owner and its expiry.
   */
  replace(kind: Kind, id: string, version: number, value: unknown): Promise<boolean>;
  /** Compare-and-delete. */
  remove(kind: Kind, id: string, version: number): Promise<boolean>;
  append(entry: JournalEntry): Promise<number>;
  /** Newest first. `next` of the page is the `before` of the following one, in decimal. */
  search(query: JournalQuery): Promise<Page<JournalLine>>;
  /** Writes something small. Rejects when the store cannot be read and written at this moment. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What every backend is given. */
export interface Surroundings {
  /** For what no caller can be told: the server went away, it came back, it is set up to lose data. */
  readonly logger: Logger;
  readonly now: Now;
}
