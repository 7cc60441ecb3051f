/** The Redis connection: deadlines, reconnection and its log messages. */
import { Redis, type RedisOptions } from 'ioredis';
import { SojournError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import { backoffMs } from '../../retry/index.ts';
import { reasonOf } from './failure.ts';
import { scripts } from './scripts.ts';

/** A connection with our Lua scripts as methods. */
export type Connection = Redis & {
  readonly [name in keyof typeof scripts]: (
    ...keysAndArguments: (string | number | Buffer)[]
  ) => Promise<unknown>;
};

/** In milliseconds; every call must settle in under 2 s. */
const deadlineMs = 1_500;
/** Longest pause between two connection attempts; the store must serve again within 5 s after the server is back. */
const maxRetryMs = 1_000;

const timeouts = {
  connectTimeout: deadlineMs,
  commandTimeout: deadlineMs,
  // Without this, TCP keeps a connection open for about 15 minutes after packets stop arriving; a new one may work.
  socketTimeout: deadlineMs,
  retryStrategy: (failures: number) =>
    backoffMs(failures, { firstMs: 100, maxMs: maxRetryMs, jitter: [0.5, 1] }),
  // A queued command would run after its caller has given up.
  enableOfflineQueue: false,
  // Never resend: after a lost response the command may have run, and an append would run twice.
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  // After a failover the former primary answers READONLY; a new connection to the same name reaches the new primary.
  reconnectOnError: (error: Error) => error.message.includes('READONLY'),
  // Longest pause before retrying a server that is still loading its data.
  maxLoadingRetryTime: deadlineMs,
} satisfies RedisOptions;

/** The URL without user and password, safe for logs. */
export const redactedUrlOf = (url: string): string => {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
};

/** Parses the URL here, because ioredis would let its query override the settings above. */
function addressOf(url: string) {
  const { protocol, hostname, port, username, password, pathname } = new URL(url);
  if (!/^\/?\d*$/.test(pathname)) {
    throw new SojournError('config_invalid', {
      detail: `store: ${redactedUrlOf(url)} must end with a database number, such as /0, or with the port.`,
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

/** Resolves when the server is ready. Rejects with the last error, and does not retry then. */
export async function connect(url: string, logger: Logger): Promise<Connection> {
  const address = addressOf(url);
  const redis = new Redis({ ...address, ...timeouts, scripts, lazyConnect: true }) as Connection;
  let lastError: unknown;
  redis.on('error', (error) => {
    lastError = error;
  });
  try {
    await redis.connect();
    // ioredis has already sent SELECT, but continues with database 0 if the server rejects it.
    await redis.select(address.db);
  } catch (error) {
    redis.disconnect();
    // The error of connect() only says that the connection was closed.
    throw lastError ?? error;
  }
  logOutages(redis, redactedUrlOf(url), logger);
  return redis;
}

/** Logs one line when the connection is lost and one when it is restored; attempts in between only at level debug. */
function logOutages(redis: Redis, store: string, logger: Logger): void {
  let isLost = false;
  redis.on('error', (error) =>
    logger.debug({ store, reason: reasonOf(error) }, 'cannot connect to the store'),
  );
  redis.on('reconnecting', () => {
    if (!isLost) logger.warn({ store }, 'lost the connection to the store; reconnecting');
    isLost = true;
  });
  redis.on('ready', () => {
    if (isLost) logger.info({ store }, 'the connection to the store is restored');
    isLost = false;
  });
}
