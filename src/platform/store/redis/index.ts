/**
 * The shared store for several replicas: one Redis (6.2 or newer) or Valkey. When a write resolves, the Redis server has it.
 * The persistence settings of Redis decide what survives its crash; at its start, Sojourn logs a warning for settings that
 * risk data.
 */
import { SojournError } from '../../errors/index.ts';
import { type Continuity, lostWrites } from '../continuity.ts';
import type { Store, StoreDependencies } from '../contract.ts';
import { type Connection, connect, redactedUrlOf } from './connection.ts';
import { documentsIn } from './documents.ts';
import { attempt, reasonOf } from './failure.ts';
import { claim, inspect } from './inspect.ts';
import { journalIn } from './journal.ts';
import { pulseKey } from './keys.ts';

export async function openRedis(url: string, { logger, now }: StoreDependencies): Promise<Store> {
  const store = redactedUrlOf(url);
  let redis: Connection | undefined;
  try {
    redis = await connect(url, logger);
    await claim(redis, store);
    for (const warning of await inspect(redis)) logger.warn({ store }, warning);
  } catch (error) {
    redis?.disconnect();
    if (error instanceof SojournError) throw error;
    throw new SojournError('store_unavailable', {
      detail: `The store ${store} is unusable: ${reasonOf(error)}.`,
      advice: 'Check the address and the password, and that Redis is running.',
    });
  }
  return serve(redis, now);
}

function serve(redis: Connection, now: StoreDependencies['now']): Store {
  let closed = false;
  const continuity: Continuity = { fault: undefined, last: undefined };
  const write: typeof attempt = (work) =>
    attempt(async () => {
      if (continuity.fault !== undefined) throw lostWrites(continuity, continuity.fault);
      return work();
    });
  const { stop, ...journal } = journalIn(redis, write, continuity);
  return {
    ...documentsIn(redis, write, now),
    ...journal,
    continuity,
    clock: () =>
      attempt(async () => {
        const [seconds, microseconds] = await redis.time();
        return Number(seconds) * 1000 + Number(microseconds) / 1000;
      }),
    ping: () =>
      write(async () => {
        // A write, so that the readiness check fails on a full or read-only server.
        await redis.incr(pulseKey);
      }),
    async close() {
      if (closed) return;
      closed = true;
      await stop();
      const ended = new Promise((resolve) => redis.once('end', resolve));
      // QUIT waits for pending responses; if the server cannot be reached, close at once.
      await redis.quit().then(
        () => ended,
        () => redis.disconnect(),
      );
    },
  };
}
