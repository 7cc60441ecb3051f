/**
 * How long the workloads would go on if this issuer stopped now. Owns: which credentials are out there, until when, and
 * the answer. Does not own: handing them out (exchange), which notes each of them here.
 */
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';

/** Credentials in the hands of a client. */
export interface Live {
  readonly client: string;
  readonly connection: string;
  readonly tenant: string;
  readonly purpose: string | null;
  /** When they were handed out first, and when they end; RFC 3339. */
  readonly since: string;
  readonly expires_at: string;
}

export interface Budget {
  /** Clients and connections whose credentials are in use. */
  readonly live: number;
  /** Those that end first, soonest first, with the whole seconds that are left. */
  readonly first: readonly (Live & { readonly seconds: number })[];
}

export interface Outage {
  /** Never rejects: nobody is refused credentials since they could not be counted. */
  note(live: Omit<Live, 'since' | 'expires_at'>, expiresAt: number): Promise<void>;
  budget(): Promise<Budget>;
}

const shownAtMost = 50;
const pageSize = 1_000;
const maxRemembered = 10_000;
/**
 * SDKs renew five minutes before the end. Credentials that nobody has renewed by then, while the server was there to be
 * asked, are those of a job that is over.
 */
const renewedBeforeMs = 300_000;

export function createOutage({ store, logger, now }: { store: Store; logger: Logger; now: Now }): Outage {
  const noted = new Map<string, number>();

  async function* all(): AsyncGenerator<Live> {
    for (let after: string | undefined; ; ) {
      const query = { limit: pageSize, ...(after === undefined ? {} : { after }) };
      const { items, next } = await store.list<Live>('live', query);
      for (const { value } of items) yield value;
      if (next === undefined) return;
      after = next;
    }
  }

  return {
    async note(live, expiresAt) {
      const { client, connection, purpose } = live;
      const key = [client, connection, purpose ?? ''].join('.');
      if (noted.get(key) === expiresAt) return;
      if (noted.size >= maxRemembered) noted.clear();
      noted.set(key, expiresAt);
      const times = { since: toTimestamp(now()), expires_at: toTimestamp(expiresAt) };
      try {
        // Handed out by another replica as well, they are the same.
        await store.insert('live', `${key}.${expiresAt}`, { ...live, ...times }, { expiresAt });
      } catch (err) {
        noted.delete(key);
        logger.warn({ err, connection }, 'credentials are not counted for the outage budget');
      }
    },

    async budget() {
      const newest = new Map<string, Live>();
      for await (const one of all()) {
        const key = JSON.stringify([one.client, one.connection, one.purpose]);
        const known = newest.get(key);
        if (!known || known.expires_at < one.expires_at) newest.set(key, one);
      }
      const inUse = [...newest.values()].filter((one) => isInUse(one, now()));
      const first = inUse
        .toSorted((a, b) => (a.expires_at < b.expires_at ? -1 : 1))
        .slice(0, shownAtMost)
        .map((one) => ({ ...one, seconds: Math.floor((Date.parse(one.expires_at) - now()) / 1000) }));
      return { live: inUse.length, first };
    },
  };
}

/** A quarter of their life, or five minutes, is when the last SDK renews them. */
function isInUse({ since, expires_at }: Live, at: number): boolean {
  const end = Date.parse(expires_at);
  return end - at > Math.min(renewedBeforeMs, (end - Date.parse(since)) / 4);
}
