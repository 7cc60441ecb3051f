/** The statements of one process: deadlines, and log messages about outages. */
import type { PoolClient } from 'pg';
import type { Logger } from '../../log/index.ts';
import { storeNameOf } from '../location.ts';
import { addressOf } from './address.ts';
import { clientConfig } from './connection.ts';
import { inTime, isOutage, reasonOf } from './failure.ts';
import { type Connections, openPool } from './pool.ts';

/** Of one process, beside the one for appends. */
const maxConnections = 10;

/** A statement that each connection prepares once. */
export interface Statement {
  readonly name: string;
  readonly text: string;
}

let statements = 0;
export const prepared = (text: string): Statement => ({ name: `sojourn_${++statements}`, text });

export type Row = Readonly<Record<string, unknown>>;

/** Runs a statement on its own, which commits before this resolves. */
export type Query = (statement: Statement, ...values: readonly unknown[]) => Promise<readonly Row[]>;

export interface Database {
  readonly query: Query;
  /** On a connection for appends alone: lines do not queue behind the documents of requests that have just begun. */
  readonly append: Query;
  /** Runs statements on one connection within one deadline. */
  run<T>(work: (client: PoolClient) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** Connects when the first statement runs. */
export function openDatabase(url: string, logger: Logger): Database {
  const store = storeNameOf(url);
  const config = clientConfig(addressOf(url));
  let isLost = false;
  let isClosed = false;

  function lose(error: unknown): void {
    if (isClosed) return;
    logger.debug({ store, reason: reasonOf(error) }, 'cannot use a connection to the store');
    if (!isLost) logger.warn({ store }, 'lost the connection to the store; reconnecting');
    isLost = true;
  }

  const documents = openPool(config, maxConnections, lose);
  const appends = openPool(config, 1, lose);

  const runOn =
    ({ use }: Connections): Database['run'] =>
    async (work) => {
      try {
        const result = await inTime((expired) => use(work, expired));
        if (isLost) logger.info({ store }, 'the connection to the store is restored');
        isLost = false;
        return result;
      } catch (error) {
        if (isOutage(error)) lose(error);
        throw error;
      }
    };

  const queryOn = (connections: Connections): Query => {
    const run = runOn(connections);
    return (statement, ...values) =>
      run(async (client) => (await client.query<Row>({ ...statement, values: [...values] })).rows);
  };

  return {
    query: queryOn(documents),
    append: queryOn(appends),
    run: runOn(documents),
    async close() {
      isClosed = true;
      await Promise.all([documents.close(), appends.close()]);
    },
  };
}
