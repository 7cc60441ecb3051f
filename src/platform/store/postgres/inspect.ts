/** Checks at the start: whose database it is, the version of its state, and settings of the server that risk data. */
import type { ClientBase } from 'pg';
import { SojournError } from '../../errors/index.ts';
import { migrationLock, migrations } from './schema.ts';

/** The oldest version with security fixes when this was written. */
const oldestServer = 14;

const newest = migrations.length;

/**
 * Creates the tables in an empty database, and migrates the state of an older version. Rejects with `state_unusable`, and changes
 * nothing, if another program uses the database, or a newer version of Sojourn wrote it.
 */
export async function claim(client: ClientBase, store: string): Promise<void> {
  await requireServer(client, store);
  if ((await versionIn(client, store)) === newest) return;
  await client.query('BEGIN');
  await client.query(`SELECT pg_advisory_xact_lock(${migrationLock})`);
  // Another replica may have migrated it since.
  const version = await versionIn(client, store);
  if (version === undefined) await requireEmpty(client, store);
  for (const script of migrations.slice(version ?? 0)) await client.query(script);
  await client.query(`UPDATE sojourn.schema_version SET version = ${newest}`);
  await client.query('COMMIT');
}

/** As `claim`, but writes nothing. Rejects also if the database has no state, or that of an older version. */
export async function requireCurrent(client: ClientBase, store: string): Promise<void> {
  const version = await versionIn(client, store);
  if (version === newest) return;
  throw new SojournError('state_unusable', {
    detail:
      version === undefined ? `${store} has no state.` : `The state in ${store} is of an older version.`,
    advice: 'Give the configuration of the server, and start the server once after an upgrade.',
  });
}

async function requireServer(client: ClientBase, store: string): Promise<void> {
  const { rows } = await client.query<{ version: string; encoding: string }>(
    "SELECT current_setting('server_version_num') AS version, current_setting('server_encoding') AS encoding",
  );
  const [found] = rows;
  const version = Math.floor(Number(found?.version) / 10_000);
  if (version < oldestServer)
    throw new SojournError('state_unusable', {
      detail: `The server of ${store} is PostgreSQL ${version}; Sojourn needs ${oldestServer} or newer.`,
    });
  if (found?.encoding !== 'UTF8')
    throw new SojournError('state_unusable', {
      detail: `The database ${store} has the encoding ${found?.encoding}; Sojourn needs UTF8.`,
      advice: "Create another one: CREATE DATABASE sojourn ENCODING 'UTF8' TEMPLATE template0.",
    });
}

/** Undefined without tables of Sojourn. */
async function versionIn(client: ClientBase, store: string): Promise<number | undefined> {
  // Not `to_regclass`: within a transaction, its cache does not have what another replica has just created.
  const tables = await client.query(
    `SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = 'sojourn' AND relname = 'schema_version'`,
  );
  if (tables.rows.length === 0) return undefined;
  const { rows } = await client.query<{ version: number }>('SELECT version FROM sojourn.schema_version');
  const version = Number(rows[0]?.version);
  if (version <= newest) return version;
  throw new SojournError('state_unusable', {
    detail: `The state in ${store} has version ${version}; this version of Sojourn supports versions up to ${newest}.`,
    advice: 'Start the newer version of Sojourn again, or use another database.',
  });
}

/** The owner of another program's tables could change the state. So the database has no tables but ours and those of extensions. */
async function requireEmpty(client: ClientBase, store: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT nspname || '.' || relname AS name FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE relkind IN ('r', 'p') AND nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'
       AND NOT EXISTS (
         SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e'
       )
     ORDER BY 1 LIMIT 1`,
  );
  if (rows[0])
    throw new SojournError('state_unusable', {
      detail: `The database ${store} belongs to another program: it has the table ${rows[0].name}.`,
      advice: 'Create a database for Sojourn alone. Sojourn did not change this one.',
    });
  // A role without CREATE on the database needs a schema that its administrator created.
  const schemas = await client.query("SELECT FROM pg_namespace WHERE nspname = 'sojourn'");
  if (schemas.rows.length === 0) await client.query('CREATE SCHEMA sojourn');
}

/** Returns warnings about settings with which the server may lose acknowledged writes. */
export async function inspect(client: ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ fsync: string; full_page_writes: string }>(
    "SELECT current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes",
  );
  const warnings: string[] = [];
  if (rows[0]?.fsync === 'off')
    warnings.push('fsync is off: a crash of the machine can lose or damage the state; set it to on.');
  if (rows[0]?.full_page_writes === 'off')
    warnings.push('full_page_writes is off: a crash of the machine can damage the state; set it to on.');
  return warnings;
}
