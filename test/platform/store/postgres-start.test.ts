import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { generate } from 'selfsigned';
import { blocks } from '../../docs/documents.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { freePort } from '../../support/redis.ts';
import { blackHoleBefore } from './black-hole.ts';
import { later, on, timed, unavailable } from './trouble.ts';
import { startWriter } from './written.ts';

let folder: string;
let common: PostgresServer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-tls-'));
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  await writeFile(join(folder, 'cert.pem'), cert);
  common = await startPostgres({
    settings: ['ssl = on', 'password_encryption = scram-sha-256'],
    files: { 'server.crt': cert, 'server.key': key },
    access: ['host all sojourn 127.0.0.1/32 scram-sha-256', 'host all all 127.0.0.1/32 trust'],
  });
}, 60_000);
afterEach(() => common.empty());
afterAll(async () => {
  await common.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The URL of the common server with another host, user, password or query. */
const urlWith = (parts: Partial<URL>): string => Object.assign(new URL(common.url), parts).href;
const redacted = (url: string) => url.replace(/\/\/.*@/, '//').replace(/\?.*/, '');

describe('the start on PostgreSQL', () => {
  test.each(['', '?sslmode=verify-full'])(
    'fails where nobody listens (%j), with the URL and the reason but without the password',
    async (query) => {
      const port = await freePort();
      const url = `postgres://joe:hunter2@127.0.0.1:${port}/sojourn${query}`;
      const bench = on(url);
      const failure = bench.open();
      expect(await timed(failure)).toEqual(unavailable);
      const error: unknown = await failure.catch((reason) => reason);
      expect(error).toHaveProperty(
        'message',
        `The store ${redacted(url)} is unusable: connect ECONNREFUSED 127.0.0.1:${port}.`,
      );
      expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
    },
  );

  test('fails with a wrong password and does not repeat it', async () => {
    const bench = on(urlWith({ password: 'swordfish' }));
    const error: unknown = await bench.open().catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'store_unavailable',
      message: `The store ${redacted(common.url)} is unusable: password authentication failed for user "sojourn".`,
    });
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('swordfish');
  });

  test('times out on a server that accepts and does not answer', async () => {
    const hole = await blackHoleBefore(common.port);
    later(() => hole.close());
    hole.swallow(true);
    const url = urlWith({ port: String(hole.port) });
    expect(await timed(on(url).open())).toEqual(unavailable);
  });

  test('of a newer version is rejected with both versions and left unchanged', async () => {
    await (await on(common.url).open()).close();
    await common.ask('UPDATE sojourn.schema_version SET version = 7', 'sojourn');
    await expect(on(common.url).open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The state in ${redacted(common.url)} has version 7; this version of Sojourn supports versions up to 1.`,
      advice: 'Start the newer version of Sojourn again, or use another database.',
    });
    expect(await common.ask('SELECT version FROM sojourn.schema_version', 'sojourn')).toEqual([
      { version: 7 },
    ]);
  });

  test.each([
    ['public.cookies', 'CREATE TABLE cookies (name text)', 'DROP TABLE cookies'],
    ['sojourn.cookies', 'CREATE SCHEMA sojourn; CREATE TABLE sojourn.cookies (name text)', 'SELECT'],
  ])(
    'of another program, with the table %s, is rejected and left unchanged',
    async (table, create, remove) => {
      await common.ask(create, 'sojourn');
      await expect(on(common.url).open()).rejects.toMatchObject({
        code: 'state_unusable',
        message: `The database ${redacted(common.url)} belongs to another program: it has the table ${table}.`,
        advice: 'Create a database for Sojourn alone. Sojourn did not change this one.',
      });
      const tables =
        "SELECT schemaname || '.' || tablename AS name FROM pg_tables WHERE schemaname !~ '^pg_|^inf'";
      expect(await common.ask(tables, 'sojourn')).toEqual([{ name: table }]);
      await common.ask(remove, 'sojourn');
    },
  );

  test('needs a database in UTF-8', async () => {
    await common.ask("CREATE DATABASE latin OWNER sojourn ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    const url = urlWith({ pathname: '/latin' });
    await expect(on(url).open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The database ${redacted(url)} has the encoding LATIN1; Sojourn needs UTF8.`,
      advice: "Create another one: CREATE DATABASE sojourn ENCODING 'UTF8' TEMPLATE template0.",
    });
  });

  test('works with a role and a database as the documents create them', async () => {
    const [sql = ''] = blocks('docs/operations.md', 'sql');
    const statements = sql.replaceAll('sojourn', 'documented').split(';').slice(0, -1);
    expect(statements).toHaveLength(2);
    for (const statement of statements) await common.ask(statement);
    await common.ask("ALTER ROLE documented PASSWORD 'documented'");
    const url = urlWith({ username: 'documented', password: 'documented', pathname: '/documented' });
    expect(await (await on(url).open()).insert('tenant', 'a', {})).toBe(true);
  });

  test('uses a schema that an administrator created for a role that may not create one', async () => {
    await common.ask("CREATE ROLE clerk LOGIN PASSWORD 'x'");
    later(() => common.ask('DROP OWNED BY clerk CASCADE; DROP ROLE clerk', 'sojourn'));
    await common.ask('CREATE SCHEMA sojourn AUTHORIZATION clerk', 'sojourn');
    const store = await on(urlWith({ username: 'clerk', password: 'x' })).open();
    expect(await store.insert('tenant', 'a', {})).toBe(true);
  });

  test('commits to the disk, whatever the server, the database and the role have as a default', async () => {
    await common.ask('ALTER ROLE sojourn SET synchronous_commit = off');
    await common.ask('ALTER DATABASE sojourn SET synchronous_commit = local');
    const store = await on(common.url).open();
    await common.ask(
      `CREATE TABLE sojourn.seen (setting text);
       CREATE FUNCTION sojourn.see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
         INSERT INTO sojourn.seen VALUES (current_setting('synchronous_commit')); RETURN NEW;
       END $$;
       CREATE TRIGGER see BEFORE INSERT ON sojourn.documents FOR EACH ROW EXECUTE FUNCTION sojourn.see();
       CREATE TRIGGER see BEFORE INSERT ON sojourn.journal FOR EACH ROW EXECUTE FUNCTION sojourn.see()`,
      'sojourn',
    );
    await store.insert('tenant', 'a', {});
    await store.append({ at: 1, value: 1 });
    expect(await common.ask('SELECT setting FROM sojourn.seen', 'sojourn')).toEqual([
      { setting: 'on' },
      { setting: 'on' },
    ]);
    await common.ask('ALTER ROLE sojourn RESET ALL; ALTER DATABASE sojourn RESET ALL');
  });

  test('logs a warning for each setting with which a crash of the machine can lose the state', async () => {
    const bench = on(common.url);
    await bench.open();
    const lines = bench.logged().split('\n').filter(Boolean);
    expect(lines.map((line) => JSON.parse(line) as Record<string, unknown>)).toEqual(
      [
        'fsync is off: a crash of the machine can lose or damage the state; set it to on.',
        'full_page_writes is off: a crash of the machine can damage the state; set it to on.',
      ].map((msg) => ({ level: 'warn', time: expect.any(String), store: redacted(bench.url), msg })),
    );
  });

  describe('with TLS', () => {
    const withTls = (hostname: string, rootFile?: string) =>
      urlWith({
        hostname,
        search: `?sslmode=verify-full${rootFile === undefined ? '' : `&sslrootcert=${encodeURIComponent(rootFile)}`}`,
      });

    test('requires a certificate of a trusted authority, for the name in the URL', async () => {
      const reasonOf = (url: string) =>
        on(url)
          .open()
          .catch(({ message }: Error) => message);
      const trusted = join(folder, 'cert.pem');
      expect(await reasonOf(withTls('localhost'))).toContain(' is unusable: self-signed certificate');
      expect(await reasonOf(withTls('127.0.0.1', trusted))).toContain(
        " is unusable: Hostname/IP does not match certificate's altnames",
      );
      expect(await reasonOf(withTls('localhost', join(folder, 'none.pem')))).toBe(
        'store: the file of sslrootcert cannot be read (ENOENT).',
      );
      const store = await on(withTls('localhost', trusted)).open();
      expect(await store.insert('tenant', 'a', {})).toBe(true);
      expect(
        await common.ask(
          "SELECT DISTINCT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE usename = 'sojourn'",
        ),
      ).toEqual([{ ssl: true }]);
    });

    test('refuses a server that does not offer it', async () => {
      await common.ask('ALTER SYSTEM SET ssl = off');
      await common.ask('SELECT pg_reload_conf()');
      later(async () => {
        await common.ask('ALTER SYSTEM RESET ssl');
        await common.ask('SELECT pg_reload_conf()');
      });
      const url = withTls('localhost', join(folder, 'cert.pem'));
      await expect(on(url).open()).rejects.toMatchObject({
        code: 'store_unavailable',
        message: `The store ${redacted(url)} is unusable: The server does not support SSL connections.`,
      });
    });
  });

  test('can create the tables in several processes concurrently', async () => {
    const writers = Array.from({ length: 4 }, (_, i) => startWriter(common.url, `w${i}`));
    try {
      await Promise.all(writers.map(({ begun }) => begun));
    } finally {
      for (const { child } of writers) child.kill('SIGKILL');
    }
    await Promise.all(writers.map(({ ended }) => ended));
    const acknowledged = writers.flatMap((writer) => writer.lines());
    expect(acknowledged.filter((line) => line.startsWith('refused'))).toEqual([]);
    const store = await on(common.url).open();
    for (const id of acknowledged) expect(await store.get('setting', id)).toMatchObject({ id, version: 1 });
  }, 60_000);
});
