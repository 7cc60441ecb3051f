/**
 * The outage budget: how long workloads keep working if this issuer stops now. Owns: which credentials are in use, until
 * when, and the resulting budget. Does not own: issuing them (exchange), which records each of them here.
 */
import { createBoundedMap } from '../../platform/cache/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { allItems, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';

/** Credentials that a client holds. */
export interface ServedCredentials {
  readonly client: string;
  readonly connection: string;
  readonly tenant: string;
  readonly purpose: string | null;
  /** RFC 3339, as `expires_at`. */
  readonly first_served_at: string;
  readonly expires_at: string;
}

export interface OutageBudgetReport {
  /** The number of pairs of client and connection whose credentials are in use. */
  readonly in_use: number;
  /** Those that expire first, soonest first, with the whole seconds that remain. */
  readonly first: readonly (ServedCredentials & { readonly remaining_seconds: number })[];
}

export interface OutageBudget {
  /** Never rejects: a failure to record does not refuse credentials. */
  recordServed(
    served: Omit<ServedCredentials, 'first_served_at' | 'expires_at'>,
    expiresAt: number,
  ): Promise<void>;
  compute(): Promise<OutageBudgetReport>;
}

const maxReported = 50;
const pageSize = 1_000;
const maxRemembered = 10_000;
/**
 * SDKs renew five minutes before the expiry. Credentials not renewed by then, while the server was available, belong to a
 * job that has ended.
 */
const renewedBeforeMs = 300_000;

export function createOutageBudget({
  store,
  logger,
  now,
}: {
  store: Store;
  logger: Logger;
  now: Now;
}): OutageBudget {
  const recorded = createBoundedMap<number>(maxRemembered);

  return {
    async recordServed(served, expiresAt) {
      const { client, connection, purpose } = served;
      const key = [client, connection, purpose ?? ''].join('.');
      if (recorded.get(key) === expiresAt) return;
      recorded.set(key, expiresAt);
      const times = { first_served_at: toTimestamp(now()), expires_at: toTimestamp(expiresAt) };
      try {
        // If another replica recorded the same credentials, the insert changes nothing.
        await store.insert('served', `${key}.${expiresAt}`, { ...served, ...times }, { expiresAt });
      } catch (err) {
        recorded.delete(key);
        logger.warn({ err, connection }, 'cannot record served credentials for the outage budget');
      }
    },

    async compute() {
      const newest = new Map<string, ServedCredentials>();
      const all = allItems((query) => store.list<ServedCredentials>('served', query), {}, pageSize);
      for await (const { value: served } of all) {
        const key = JSON.stringify([served.client, served.connection, served.purpose]);
        const known = newest.get(key);
        if (!known || known.expires_at < served.expires_at) newest.set(key, served);
      }
      const inUse = [...newest.values()].filter((served) => isInUse(served, now()));
      const first = inUse
        .toSorted((a, b) => (a.expires_at < b.expires_at ? -1 : 1))
        .slice(0, maxReported)
        .map((served) => ({
          ...served,
          remaining_seconds: Math.floor((Date.parse(served.expires_at) - now()) / 1000),
        }));
      return { in_use: inUse.length, first };
    },
  };
}

/** The latest time at which SDKs renew: a quarter of the lifetime, but at most five minutes, before the expiry. */
function isInUse({ first_served_at, expires_at }: ServedCredentials, time: number): boolean {
  const end = Date.parse(expires_at);
  return end - time > Math.min(renewedBeforeMs, (end - Date.parse(first_served_at)) / 4);
}
