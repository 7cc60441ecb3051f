/** When connections are verified on schedule, and by which replica. */
import { createHash } from 'node:crypto';
import { type Connection, type Connections, stateOf } from '../../access/connections/index.ts';
import { allItems, type Store } from '../../platform/store/index.ts';
import { findVerification } from './record.ts';

const hourMs = 3_600_000;
/** Lease of one verification: after a crash, another replica takes over when it ends. Also the shortest retry interval. */
const claimMs = 600_000;
/** A replica that retries from its own memory is never this late. */
const graceMs = 60_000;

/**
 * Milliseconds since the epoch; undefined if the connection is not verified on schedule. The due times spread over the
 * last tenth of the interval; the hash of the id decides where.
 */
export function dueAt(connection: Connection, everyMs: number): number | undefined {
  const state = stateOf(connection);
  if (connection.verified_at === null || (state !== 'active' && state !== 'failing')) return undefined;
  const interval = state === 'failing' ? Math.min(everyMs, hourMs) : everyMs;
  const jitter = createHash('sha256').update(connection.id).digest().readUInt32BE() / 2 ** 32;
  return Date.parse(connection.verified_at) + interval * (0.9 + jitter / 10);
}

/** How often the store is scanned for due connections. */
export const scanIntervalMs = (everyMs: number): number => Math.min(300_000, Math.max(10_000, everyMs / 100));

/** The connections that are due, by cloud. */
export async function listDue(
  connections: Pick<Connections, 'list'>,
  store: Store,
  everyMs: number,
  now: number,
): Promise<Map<string, Connection[]>> {
  const due: Connection[] = [];
  for await (const connection of allItems(connections.list)) {
    const time = dueAt(connection, everyMs) ?? (await overdueRetryAt(connection, store, now));
    if (time !== undefined && time <= now) due.push(connection);
  }
  return Map.groupBy(due, ({ cloud }) => cloud);
}

/** When the retry of a new connection counts as missed because the replica that scheduled it has stopped. */
async function overdueRetryAt(
  connection: Connection,
  store: Store,
  now: number,
): Promise<number | undefined> {
  if (stateOf(connection) !== 'pending' || Date.parse(connection.updated_at) < now - hourMs) return undefined;
  const retryAt = (await findVerification(store, connection.id))?.verification.retry_at;
  return typeof retryAt === 'string' ? Date.parse(retryAt) + graceMs : undefined;
}

/** Resolves to true for exactly one replica. */
export const claimVerification = (
  store: Store,
  { id }: Connection,
  everyMs: number,
  now: number,
): Promise<boolean> =>
  store.insert('claim', `verify:${id}`, {}, { expiresAt: Math.floor(now + Math.min(claimMs, everyMs / 2)) });
