/**
 * The store that many replicas share: one Redis (6.2 or newer, or Valkey). A resolved write has reached the server; what
 * a crash of the server leaves of it is for its own persistence to decide, and a doubtful setting is told at the start.
 */
import { SojournError } from '../../errors/index.ts';
import type { Store, Surroundings } from '../contract.ts';
import { type Connection, connect, placeOf } from './connection.ts';
import { documentsIn } from './documents.ts';
import { attempt, reasonOf } from './failure.ts';
import { claim, inspect } from './inspect.ts';
import { journalIn } from './journal.ts';
import { pulseKey } from './keys.ts';

export async function openRedis(url: string, { logger, now }: Surroundings): Promise<Store> {
  const place = placeOf(url);
  let redis: Connection | undefined;
  try {
    redis = await connect(url, logger);
    await claim(redis, place);
    for (const warning of await inspect(redis)) logger.warn({ store: place }, warning);
  } catch (error) {
    redis?.disconnect();
    if (error instanceof SojournError) throw error;
    throw new SojournError('store_unavailable', {
      detail: `The store ${place} cannot be used: ${reasonOf(error)}.`,
      advice: 'Check the address, the password and that Redis runs.',
    });
  }
  return serve(redis, now);
}

function serve(redis: Connection, now: Surroundings['now']): Store {
  let closed = false;
  return {
    ...documentsIn(redis, now),
    ...journalIn(redis),
    ping: () =>
      attempt(async () => {
        // A true write, so that a full or read-only server shows here and not in the next token.
        await redis.incr(pulseKey);
      }),
    async close() {
      if (closed) return;
      closed = true;
      const ended = new Promise((resolve) => redis.once('end', resolve));
      // QUIT waits for the answers under way; a server that is away is left without a word.
      await redis.quit().then(
        () => ended,
        () => redis.disconnect(),
      );
    },
  };
}
