/** When connections are verified again by themselves, and by which replica. */
import { createHash } from 'node:crypto';
import { type Connection, type Connections, stateOf } from '../../access/connections/index.ts';
import type { CloudName } from '../../clouds/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { findReport } from './report.ts';

const hourMs = 3_600_000;
/** A replica that was killed in the middle keeps the others away for no longer; an undecided one is not tried sooner. */
const claimMs = 600_000;
const pageSize = 200;
/** The replica that waits itself is never so late. */
const graceMs = 60_000;

/** Milliseconds since the epoch; undefined for those that nobody waits for. Spread over a tenth of the time, each at its own place. */
export function dueAt(connection: Connection, everyMs: number): number | undefined {
  const state = stateOf(connection);
  if (connection.verified_at === null || (state !== 'active' && state !== 'failing')) return undefined;
  const pause = state === 'failing' ? Math.min(everyMs, hourMs) : everyMs;
  const place = createHash('sha256').update(connection.id).digest().readUInt32BE() / 2 ** 32;
  return Date.parse(connection.verified_at) + pause * (0.9 + place / 10);
}

/** How often it is looked who is due. */
export const walkMs = (everyMs: number): number => Math.min(300_000, Math.max(10_000, everyMs / 100));

/** Those who are due, by cloud. */
export async function dueNow(
  connections: Pick<Connections, 'list'>,
  store: Store,
  everyMs: number,
  now: number,
): Promise<Map<CloudName, Connection[]>> {
  const due: Connection[] = [];
  for (let after: string | undefined; ; ) {
    const page = await connections.list({ limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const one of page.items) {
      const at = dueAt(one, everyMs) ?? (await leftBehind(one, store, now));
      if (at !== undefined && at <= now) due.push(one);
    }
    if (page.next === undefined) return Map.groupBy(due, ({ cloud }) => cloud);
    after = page.next;
  }
}

/** When a new connection should have been tried again, by a replica that has gone meanwhile. */
async function leftBehind(one: Connection, store: Store, now: number): Promise<number | undefined> {
  if (stateOf(one) !== 'pending' || Date.parse(one.updated_at) < now - hourMs) return undefined;
  const at = (await findReport(store, one.id))?.report.retry_at;
  return typeof at === 'string' ? Date.parse(at) + graceMs : undefined;
}

/** True for one replica alone. */
export const claim = (store: Store, { id }: Connection, everyMs: number, now: number): Promise<boolean> =>
  store.insert('once', `verify:${id}`, {}, { expiresAt: Math.floor(now + Math.min(claimMs, everyMs / 2)) });
