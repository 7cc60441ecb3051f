/**
 * The audit log: who did what, in the store and as log lines.
 * Owns: the format of an entry, the list of events, that an entry is stored before the response is sent, and that entries are
 * sealed in a Merkle tree with signed checkpoints.
 * Does not own: which actions are recorded. Entries never contain tokens, secrets or credentials.
 */
import { SojournError } from '../errors/index.ts';
import { type Logger, secretMember, streamOf } from '../log/index.ts';
import { type Page, type Store, toCanonicalText } from '../store/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';
import type { AuditEvent } from './events.ts';

export { type AuditCheckpoint, auditOrigin, type Marks, marksIn, openCheckpoint } from './checkpoint.ts';
export { type AuditEvent, auditEvents } from './events.ts';
export { leafOf } from './leaf.ts';
export { type AuditProofs, createProofs } from './proofs.ts';
export { assertSealable, type CheckpointSigner, readSeal, readSealed, sealNext } from './seal.ts';
export { createSealer, type Sealer, type SealState } from './sealer.ts';

/** Where a request comes from, and the id by which the log and the audit know it. */
export interface RequestContext {
  /** The caller's network address, as trusted proxies report it. */
  readonly source_ip: string;
  /** A UUID, made for each request. */
  readonly request_id: string;
}

export interface AuditEntry extends Partial<RequestContext> {
  readonly event: AuditEvent;
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** `admin`, `system`, `customer`, the id of an authenticated client, or `unknown` for a caller that has not authenticated. */
  readonly actor: string;
  readonly client?: string;
  readonly connection?: string;
  readonly tenant?: string;
  readonly jti?: string;
  readonly kid?: string;
  readonly sub?: string;
  readonly aud?: string;
  /** The exact reason of a refusal, or an administrator's reason; callers never see it. */
  readonly reason?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
  /** The id under which the entry waited in the spool, because the store could not take it at once. */
  readonly spooled?: string;
}

export interface AuditLine extends AuditEntry {
  readonly id: number;
  /** RFC 3339. */
  readonly occurred_at: string;
}

export interface AuditQuery {
  readonly connection?: string;
  readonly client?: string;
  readonly tenant?: string;
  readonly jti?: string;
  readonly event?: string;
  /** Only the uses of this connection: its tokens and credentials. */
  readonly use?: string;
  /** Only events with this prefix: `connection` for events of connections themselves. */
  readonly noun?: 'connection';
  /** Milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly before?: number;
  readonly limit: number;
}

/** Decides which refusals of unauthenticated callers are separate lines, and counts the others. */
export interface RefusalSampling {
  isSample(entry: AuditEntry): boolean;
  count(entry: AuditEntry): void;
  /** Writes the counts after their minute, or `all` of them now. Keeps those that `write` rejects, and rejects too. */
  writeCounts(write: (entry: AuditEntry) => Promise<void>, all: boolean): Promise<void>;
}

export interface Audit {
  /**
   * Resolves when the entry is stored. Rejects with `audit_unavailable` if the write fails and `onFailure` is `refuse`. Of
   * entries whose actor is `unknown`, only the first in a minute are stored at once; the others are counted.
   */
  record(entry: AuditEntry): Promise<void>;
  /** Counts a refusal of an unauthenticated caller, without a separate line. */
  count(entry: AuditEntry): void;
  /** Writes the counts of refusals after each minute. */
  tick(): Promise<void>;
  /** Writes all counts. */
  close(): Promise<void>;
  /** Newest first. */
  search(query: AuditQuery): Promise<Page<AuditLine>>;
  /** The uses of a connection since a time in milliseconds since the epoch, counted up to `max`. */
  countUses(query: { connection: string; from: number; max: number }): Promise<number>;
}

const indexed = ['connection', 'client', 'tenant', 'jti', 'event', 'noun', 'use'] as const;

export { createSpooling, type Spooling } from './spooling.ts';

export function createAudit(options: {
  store: Pick<Store, 'append' | 'search' | 'count'>;
  logger: Logger;
  now: Now;
  onFailure: 'refuse' | 'continue';
  refusals?: RefusalSampling;
}): Audit {
  const { store, logger, now, onFailure, refusals } = options;
  const stream = streamOf(logger);

  /** @param counting decides whether the entry is a line; null for the counts themselves */
  async function record(
    entry: AuditEntry,
    counting = entry.actor === 'unknown' ? refusals : null,
  ): Promise<void> {
    if (counting && !counting.isSample(entry)) return counting.count(entry);
    const at = now();
    try {
      const text = toCanonicalText(entry);
      await store.append({ at, value: entry, text });
      if (!logger.isLevelEnabled('info')) return;
      // The text that exists: the logger takes five times as long to serialize and redact the entry again.
      const time = new Date(at).toISOString();
      if (secretMember.test(text)) logger.info({ audit: entry }, entry.event);
      else stream.write(`{"level":"info","time":"${time}","audit":${text},"msg":"${entry.event}"}\n`);
    } catch (cause) {
      logger.error({ audit: entry, err: cause }, 'cannot write the audit log');
      // Whatever the configuration says: nothing is issued on a state that has lost revocations.
      if (cause instanceof SojournError && cause.code === 'store_rolled_back') throw cause;
      if (onFailure === 'continue') return;
      counting?.count(entry);
      throw new SojournError('audit_unavailable', { cause, retryAfter: 5 });
    }
  }

  // A count that cannot be written is in the log, and is written later.
  const writeCounts = (all: boolean) =>
    refusals?.writeCounts((entry) => record(entry, null), all).catch(() => undefined);

  return {
    record,
    count: (entry) => refusals?.count(entry),
    tick: async () => writeCounts(false),
    close: async () => writeCounts(true),

    async search({ from, to, before, limit, ...words }) {
      const page = await store.search({
        keys: keysOf(words),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        ...(before === undefined ? {} : { before }),
        limit,
      });
      const items = page.items.map(({ sequence, at, value }) => ({
        id: sequence,
        occurred_at: toTimestamp(at),
        ...(value as AuditEntry),
      }));
      return { ...page, items };
    },

    countUses: ({ connection, from, max }) => store.count({ key: `use:${connection}`, from, max }),
  };
}

function keysOf(words: { readonly [name in (typeof indexed)[number]]?: string }): string[] {
  const keys: string[] = [];
  for (const name of indexed) if (words[name] !== undefined) keys.push(`${name}:${words[name]}`);
  return keys;
}
