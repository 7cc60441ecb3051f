/** A connection to PostgreSQL: its settings, and what it requires of the server. */
import { readFileSync } from 'node:fs';
import { type ClientBase, type ClientConfig, types } from 'pg';
import { SojournError } from '../../errors/index.ts';
import type { Address } from './address.ts';
import { deadlineMs } from './failure.ts';

/** Keeps network devices in between from forgetting an idle connection. */
const keepAliveMs = 10_000;
/** A process that stops within a transaction must not hold its locks for longer. */
const idleInTransactionMs = 5_000;
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
  // A plan that was made, and kept, while a table was small must not read all of it when it has grown. Every search has an index.
  'enable_seqscan=off',
  'enable_bitmapscan=off',
  // Tables of one row are read whole, at a high estimated cost then, for which PostgreSQL would compile the statement.
  'jit=off',
];

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
    keepAliveInitialDelayMillis: keepAliveMs,
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

/** Once for each connection. A standby would give old documents, and a pooler in between could drop the session's settings. */
export async function requirePrimary(client: ClientBase): Promise<void> {
  const { rows } = await client.query<{ standby: boolean; commits: string }>(
    "SELECT pg_is_in_recovery() AS standby, current_setting('synchronous_commit') AS commits",
  );
  const [found] = rows;
  if (found?.standby === true) throw new Error('the server is a standby, not the primary');
  if (found?.commits !== 'on')
    throw new Error(`synchronous_commit is ${found?.commits}, although the session sets it to on`);
}
