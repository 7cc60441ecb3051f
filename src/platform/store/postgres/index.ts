/**
 * The shared store for several replicas: one PostgreSQL database. When a write resolves, it is on the primary's disk, and on that of
 * a synchronous standby if there is one.
 */
import { SojournError } from '../../errors/index.ts';
import { type Continuity, lostWrites } from '../continuity.ts';
import type { Store, StoreDependencies } from '../contract.ts';
import { storeNameOf } from '../location.ts';
import { addressOf } from './address.ts';
import { type Database, openDatabase, prepared } from './database.ts';
import { documentsIn } from './documents.ts';
import { attempt, reasonOf } from './failure.ts';
import { claim, inspect } from './inspect.ts';
import { journalIn } from './journal.ts';

const pulse = prepared('UPDATE sojourn.pulse SET beats = beats + 1');
const time = prepared('SELECT extract(epoch FROM clock_timestamp()) * 1000 AS ms');

export async function openPostgres(url: string, { logger, now }: StoreDependencies): Promise<Store> {
  addressOf(url);
  const store = storeNameOf(url);
  const database = openDatabase(url, logger);
  try {
    const warnings = await database.run(async (client) => {
      await claim(client, store);
      return inspect(client);
    });
    for (const warning of warnings) logger.warn({ store }, warning);
  } catch (error) {
    await database.close();
    throw openingFailure(store, error);
  }
  return serve(database, now);
}

export const openingFailure = (store: string, error: unknown): SojournError =>
  error instanceof SojournError
    ? error
    : new SojournError('store_unavailable', {
        detail: `The store ${store} is unusable: ${reasonOf(error)}.`,
        advice: 'Check the address and the password, and that PostgreSQL is running.',
      });

function serve(database: Database, now: StoreDependencies['now']): Store {
  let closing: Promise<void> | undefined;
  const continuity: Continuity = { fault: undefined, last: undefined };
  const write: typeof attempt = (work) =>
    attempt(async () => {
      if (continuity.fault !== undefined) throw lostWrites(continuity, continuity.fault);
      return work();
    });
  const { stop, ...journal } = journalIn(database, write, continuity);
  return {
    ...documentsIn(database, write, now),
    ...journal,
    continuity,
    clock: () => attempt(async () => Number((await database.query(time))[0]?.ms)),
    // A write, so that the readiness check fails on a full or read-only server.
    ping: () => write(async () => void (await database.query(pulse))),
    close: () => (closing ??= stop().then(() => database.close())),
  };
}
