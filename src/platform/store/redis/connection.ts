/** The connection: its deadlines, its return after a loss, and what the log hears of it. */
import { Redis, type RedisOptions } from 'ioredis';
import { SojournError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import { reasonOf } from './failure.ts';
import { scripts } from './scripts.ts';

/** One connection that knows our scripts as methods. */
export type Connection = Redis & {
  readonly [name in keyof typeof scripts]: (...keysAndArguments: (string | number)[]) => Promise<unknown>;
};

/** In milliseconds; promised is an answer, yes or no, in under 2 s. */
const deadlineMs = 1_500;
/** At most this long between two tries to connect: promised is to serve again within 5 s of the server's return. */
const retryAtMostMs = 1_000;

const patience = {
  connectTimeout: deadlineMs,
  commandTimeout: deadlineMs,
  // A connection whose packets vanish stays open for a quarter of an hour by TCP's own count; a new one may get through.
  socketTimeout: deadlineMs,
  retryStrategy: (times: number) => Math.min(50 * 2 ** times, retryAtMostMs) * (0.5 + Math.random() / 2),
  // What waited for the server's return would be done when nobody expects it any more.
  enableOfflineQueue: false,
  // Nothing is sent twice: a lost answer does not tell whether the step was done, and an append would be done again.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // A former primary says READONLY after a failover; a new connection to the same name finds the new one.
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  // A server that is still reading its state is asked again this soon.
  maxLoadingRetryTime: deadlineMs,
} satisfies RedisOptions;

/** The place without user and password: fit for a log. */
export const placeOf = (url: string): string => {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

/** Takes apart by hand: ioredis would let the URL's query switch off any of the settings above. */
function addressOf(url: string) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  if (!/^\/?\d*$/.test(pathname)) {
    throw new SojournError('config_invalid', {
      detail: `store: ${placeOf(url)} must end in the number of a database, such as /0, or in the port.`,
    });
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 6379),
    db: Number(pathname.slice(1) || 0),
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
  } satisfies RedisOptions;
}

/** Resolves when the server is ready to serve; rejects with its reason, and then has given up. */
export async function connect(url: string, logger: Logger): Promise<Connection> {
  const address = addressOf(url);
  const redis = new Redis({ ...address, ...patience, scripts, lazyConnect: true }) as Connection;
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    // ioredis has asked for the database already, but goes on with number 0 when the server has none such.
    await redis.select(address.db);
  } catch (error) {
    redis.disconnect();
    // connect() itself only knows that the connection was closed.
    throw lastError ?? error;
  }
  tellOutages(redis, placeOf(url), logger);
  return redis;
}

/** One line when the server goes and one when it is back; the tries in between are for those who look closer. */
function tellOutages(redis: Redis, store: string, logger: Logger): void {
  let away = false;
  redis.on('error', (error) =>
    logger.debug({ store, reason: reasonOf(error) }, 'the store cannot be reached'),
  );
  redis.on('reconnecting', () => {
    if (!away) logger.warn({ store }, 'the store has gone away; trying to reach it again');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info({ store }, 'the store is back');
    away = false;
  });
}
