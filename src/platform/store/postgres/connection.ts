/** The connections to PostgreSQL: a bounded pool, its deadlines, and log messages about outages. */
import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { type ClientBase, type ClientConfig, Pool, type PoolClient, types } from 'pg';
import { SojournError } from '../../errors/index.ts';
import type { Logger } from '../../log/index.ts';
import { sleep } from '../../time/index.ts';
import { type Address, addressOf, redactedUrlOf } from './address.ts';
import { deadlineMs, inTime, isOutage, reasonOf } from './failure.ts';

/** Of one process. Appends share one connection; the others serve documents. */
const maxConnections = 10;
/** A connection that is idle for longer is closed. */
const idleMs = 60_000;
/** A process that stops within a transaction must not hold its locks for longer. */
const idleInTransactionMs = 5_000;
/** How long an orderly end of a connection may take. */
const farewellMs = 500;

/** In milliseconds. */
interface Timeouts {
  readonly statementMs: number;
  readonly idleMs: number;
}

/** Below the deadline, so that the server gives up first and the connection stays in order. */
const serving: Timeouts = { statementMs: deadlineMs - 100, idleMs: idleInTransactionMs };

/** Sent with each connection, so that no default of the server, the database or the role applies. */
const sessionOf = ({ statementMs, idleMs }: Timeouts) => [
  'synchronous_commit=on',
  `statement_timeout=${statementMs}`,
  `idle_in_transaction_session_timeout=${idleMs}`,
  'default_transaction_isolation=read\\ committed',
  'search_path=pg_catalog',
];

/** A statement that each connection prepares once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

let statements = 0;
export const prepared = (text: string): Statement => ({ name: `sojourn_${++statements}`, text });

export type Row = Readonly<Record<string, unknown>>;

export interface Database {
  /** Runs a statement on its own, which commits before this resolves. */
  query(statement: Statement, ...values: readonly unknown[]): Promise<readonly Row[]>;
  /** Runs statements on one connection within one deadline. */
  run<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** All that the driver would otherwise take from environment variables is set. */
export function clientConfig(address: Address, timeouts = serving): ClientConfig {
  const { host, port, user, password, database, tls } = address;
  return {
    ...{ host, port, user, database },
    password: password ?? (() => ''),
    ssl: tls ? rootsOf(tls) : false,
    sslnegotiation: 'postgres',
    enableChannelBinding: true,
    application_name: 'sojourn',
    options: sessionOf(timeouts)
      .map((setting) => `-c ${setting}`)
      .join(' '),
    keepAlive: true,
    connectionTimeoutMillis: deadlineMs,
    query_timeout: timeouts.statementMs + 100,
    types: { getTypeParser: getTypeParser as typeof types.getTypeParser },
  };
}

/** Numbers of the store fit into a double: they count lines and milliseconds. */
const getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format as 'text');

function rootsOf({ rootFile }: NonNullable<Address['tls']>): true | { ca: string } {
  if (rootFile === undefined) return true;
  try {
    return { ca: readFileSync(rootFile, 'utf8') };
  } catch (error) {
    throw new SojournError('config_invalid', {
      detail: `store: the file of sslrootcert cannot be read (${(error as NodeJS.ErrnoException).code}).`,
    });
  }
}

/** Connects when the first statement runs. */
export function openDatabase(url: string, logger: Logger): Database {
  const store = redactedUrlOf(url);
  const sockets = new Set<Socket>();
  /** Connections on which a commit was not replicated. */
  const unreplicated = new WeakSet<ClientBase>();
  let isLost = false;

  const pool = new Pool({
    ...clientConfig(addressOf(url)),
    max: maxConnections,
    idleTimeoutMillis: idleMs,
    stream: () => {
      const socket = new Socket();
      sockets.add(socket);
      return socket.once('close', () => sockets.delete(socket));
    },
    // The driver waits for the promise, which its types do not say.
    onConnect: requirePrimary as (client: ClientBase) => void,
  });
  pool.on('connect', (client) => {
    client.on('notice', ({ routine }) => {
      // The server waited for its standby and was told to stop: the commit is on its own disk only, and yet it succeeds.
      if (routine === 'SyncRepWaitForLSN') unreplicated.add(client);
    });
    // Without a listener, an error between two statements would end the process. The next statement rejects.
    client.on('error', () => undefined);
  });
  pool.on('error', lose);

  function lose(error: unknown): void {
    logger.debug({ store, reason: reasonOf(error) }, 'cannot use a connection to the store');
    if (!isLost) logger.warn({ store }, 'lost the connection to the store; reconnecting');
    isLost = true;
  }

  async function use<T>(work: (client: PoolClient) => Promise<T>, expired: AbortSignal): Promise<T> {
    const client = await pool.connect();
    let isUsable = false;
    try {
      // The caller has given up.
      expired.throwIfAborted();
      const result = await work(client);
      if (unreplicated.has(client)) throw new Error('the commit was not replicated to a synchronous standby');
      isUsable = true;
      return result;
    } finally {
      client.release(!isUsable);
    }
  }

  async function run<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    try {
      const result = await inTime((expired) => use(work, expired));
      if (isLost) logger.info({ store }, 'the connection to the store is restored');
      isLost = false;
      return result;
    } catch (error) {
      if (isOutage(error) && !pool.ending) lose(error);
      throw error;
    }
  }

  return {
    query: (statement, ...values) =>
      run(async (client) => (await client.query<Row>({ ...statement, values: [...values] })).rows),
    run,
    async close() {
      const ended = new AbortController();
      await Promise.race([pool.end(), sleep(deadlineMs, ended.signal).catch(() => undefined)]);
      ended.abort();
      for (let waited = 0; sockets.size > 0 && waited < farewellMs; waited += 10) await sleep(10);
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Once for each connection. A standby would give old documents, and a pooler in between could drop the session's settings. */
export async function requirePrimary(client: ClientBase): Promise<void> {
  const { rows } = await client.query<Row>(
    "SELECT pg_is_in_recovery() AS standby, current_setting('synchronous_commit') AS commits",
  );
  const [found] = rows;
  if (found?.standby === true) throw new Error('the server is a standby, not the primary');
  if (found?.commits !== 'on')
    throw new Error(`synchronous_commit is ${found?.commits}, although the session sets it to on`);
}
