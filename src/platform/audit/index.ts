/**
 * Who did what, kept in the store and told as log lines. Owns: the form of an entry, and that it is written before the
 * answer leaves. Does not own: deciding what is worth an entry. Holds no token, secret or credential, ever.
 */
import { SojournError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import type { Page, Store } from '../store/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';

/** `noun.verb`, in the past tense: `token.issued`, `connection.created`. */
export type AuditEvent =
  | 'token.issued'
  | 'token.refused'
  /** An address has failed too often, and is not listened to for a while. */
  | 'sign_in.rate_limited'
  /** An address or a client asks too often; told once a minute. */
  | 'request.rate_limited'
  | 'exchange.succeeded'
  /** Sojourn did not allow it; the cloud was not asked. */
  | 'exchange.refused'
  /** Sojourn allowed it, and the cloud refused it or could not be asked. */
  | 'exchange.failed'
  | 'credentials.served'
  | 'admin.refused'
  /** A guard that only watches would have refused. */
  | 'guard.violated'
  | 'policy.updated'
  | 'api.refused'
  | `${'tenant' | 'client' | 'connection'}.${'created' | 'updated' | 'deleted'}`
  | 'tenant.move_started'
  /** A client wants to use a connection that a second person has to grant; and what became of it. */
  | `approval.${'requested' | 'granted' | 'denied' | 'revoked' | 'expired'}`
  | `secret.${'created' | 'deleted' | 'replaced'}`
  | `connection.${'enabled' | 'disabled' | 'verified' | 'jwks_uploaded'}`
  /** What a verification found is not what was found before: the cloud has changed. */
  | `connection.${'drifted' | 'recovered'}`
  /** The customer's cloud was shown a token that it must refuse: `refused`, or let in, which is `failed`. */
  | 'connection.probed'
  /** By the customer, on the page of an invitation. */
  | `connection.${'setup_reported' | 'setup_report_refused' | 'paused' | 'resumed' | 'resume_refused'}`
  | `invitation.${'created' | 'revoked' | 'refused' | 'rate_limited'}`
  /** The customer made a link that lasts, to pause and resume the connection. */
  | 'control_link.created'
  | `key.${'created' | 'activated' | 'removed' | 'revoked' | 'rewrapped'}`
  /** Its turn has come, and verifiers would not find it yet. */
  | 'key.postponed'
  /** A mirror of discovery and JWKS: written to a bucket, and compared with what this server serves. */
  | `mirror.${'published' | 'publish_failed' | 'drifted' | 'recovered'}`
  /** By an administrator; what the ring then did is told by the events of the keys. */
  | `key.${'rotation' | 'revocation'}_requested`
  | `key.rotation_${'scheduled' | 'cancelled'}`
  | `webhook.${'created' | 'updated' | 'deleted'}`
  /** A receiver was not reached for a day, or said that it does not take this event. */
  | 'webhook.abandoned'
  | 'webhook.redelivery_requested';

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
  /** `admin`, `system`, `customer`, `unknown` or a client id. */
  readonly actor: string;
  readonly client?: string;
  readonly connection?: string;
  readonly tenant?: string;
  readonly jti?: string;
  readonly kid?: string;
  readonly sub?: string;
  readonly aud?: string;
  /** The true reason of a refusal, for the operator's eyes only. */
  readonly reason?: string;
  readonly facts?: Readonly<Record<string, string | number | boolean | null>>;
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
  /** Every event that begins so: `connection` for what happened to connections themselves. */
  readonly noun?: 'connection';
  /** Milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly before?: number;
  readonly limit: number;
}

export interface Audit {
  /** Resolves when the entry is kept. Rejects with `audit_unavailable` when it cannot be and the mode is `refuse`. */
  record(entry: AuditEntry): Promise<void>;
  /** Newest first. */
  search(query: AuditQuery): Promise<Page<AuditLine>>;
}

const indexed = ['connection', 'client', 'tenant', 'jti', 'event', 'noun'] as const;

export function createAudit(options: {
  store: Store;
  logger: Logger;
  now: Now;
  onFailure: 'refuse' | 'continue';
}): Audit {
  const { store, logger, now, onFailure } = options;
  return {
    async record(entry) {
      const at = now();
      try {
        await store.append({ at, keys: keysOf({ ...entry, ...nounOf(entry) }), value: entry });
        logger.info({ audit: entry }, entry.event);
      } catch (cause) {
        logger.error({ audit: entry, err: cause }, 'the audit cannot be written');
        if (onFailure === 'refuse') throw new SojournError('audit_unavailable', { cause, retryAfter: 5 });
      }
    },

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
  };
}

function keysOf(entry: { readonly [key in (typeof indexed)[number]]?: string }): string[] {
  return indexed.flatMap((name) => (entry[name] === undefined ? [] : [`${name}:${entry[name]}`]));
}

/** Indexed where somebody follows it; a key costs a write on every road. */
const nounOf = ({ event }: AuditEntry) =>
  event.startsWith('connection.') ? { noun: 'connection' as const } : {};
