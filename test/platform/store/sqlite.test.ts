import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { copySqlite, examineSqlite } from '../../../src/platform/store/index.ts';
import { listWithin } from '../../../src/platform/store/sqlite/documents.ts';
import { applicationId, migrations } from '../../../src/platform/store/sqlite/schema.ts';
import { sqliteBench } from './bench.ts';
import { describeStore } from './contract.ts';
import { startWriter } from './written.ts';

describeStore('SQLite', sqliteBench);

describe('the file of the embedded store', () => {
  let bench: Awaited<ReturnType<typeof sqliteBench>>;
  beforeEach(async () => {
    bench = await sqliteBench();
  });
  afterEach(() => bench.end());

  /** A store that was used and closed, and then changed by `sql`. */
  const treated = async (sql: string) => {
    const store = await bench.open();
    await store.insert('tenant', 'a', {});
    await store.close();
    const database = new DatabaseSync(bench.file);
    database.exec(sql);
    database.close();
  };
  const files = () => readdirSync(dirname(bench.file));

  test('has mode 0600, and so have its side files', async () => {
    await (await bench.open()).insert('tenant', 'a', {});
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(dirname(bench.file))).toBe('700');
    expect(files().sort()).toEqual(['sojourn.db', 'sojourn.db-shm', 'sojourn.db-wal']);
    expect(files().map((name) => mode(`${dirname(bench.file)}/${name}`))).toEqual(['600', '600', '600']);
  });

  test('a list of one owner reads that owner’s documents alone', async () => {
    await (await bench.open()).close();
    const database = new DatabaseSync(bench.file);
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${listWithin}`).all('client', 'a', '', 0, 1);
    database.close();
    expect(plan.map(({ detail }) => detail)).toEqual([
      'SEARCH documents USING INDEX documents_within (record_type=? AND within=? AND id>?)',
    ]);
  });

  test('commits concurrent lines together', async () => {
    const store = await bench.open();
    const append = (value: number) => store.append({ at: 0, value });
    const pagesBy = async (work: () => Promise<unknown>) => {
      const database = new DatabaseSync(bench.file);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      await work();
      const { log } = database.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as { log: number };
      database.close();
      return log;
    };
    const numbers = Array.from({ length: 50 }, (_, value) => value);
    const oneByOne = await pagesBy(async () => {
      for (const value of numbers) await append(value);
    });
    const atOnce = await pagesBy(() => Promise.all(numbers.map(append)));
    expect(atOnce).toBeLessThan(oneByOne / 10);
    const { items } = await store.search({ limit: 100 });
    expect(items.map(({ value }) => value)).toEqual([...numbers, ...numbers].toReversed());
  });

  test('is closed only after pending lines are committed', async () => {
    const store = await bench.open();
    const line = store.append({ at: 0, value: 1 });
    await store.close();
    expect(await line).toBe(1);
    expect((await (await bench.open()).search({ limit: 1 })).items).toMatchObject([{ value: 1 }]);
  });

  test('of a newer version is rejected with both versions and left unchanged', async () => {
    await treated('PRAGMA journal_mode = DELETE; PRAGMA user_version = 7');
    const before = readFileSync(bench.file);
    await expect(bench.open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The database ${bench.file} has version 7; this version of Sojourn supports versions up to 3.`,
    });
    expect(readFileSync(bench.file).equals(before)).toBe(true);
    expect(files()).toEqual(['sojourn.db']);
  });

  test('of version 1 is migrated, and its lines are found', async () => {
    await mkdir(dirname(bench.file), { mode: 0o700 });
    const database = new DatabaseSync(bench.file);
    database.exec(migrations[0]!);
    database.exec(`PRAGMA application_id = ${applicationId}; PRAGMA user_version = 1;
      INSERT INTO documents VALUES ('tenant', 'a', NULL, 3, '{"name":"Acme"}', NULL);
      INSERT INTO journal (at, value) VALUES (7, '{"tenant":"a","event":"tenant.created"}');
      INSERT INTO journal_keys VALUES ('tenant:a', 1);
      INSERT INTO journal_hours VALUES (0, 1, 1)`);
    database.close();
    await chmod(bench.file, 0o600);
    const store = await bench.open();
    expect(await store.get('tenant', 'a')).toEqual({ id: 'a', version: 3, value: { name: 'Acme' } });
    const value = { tenant: 'a', event: 'tenant.created' };
    const found = { items: [{ sequence: 1, at: 7, value }] };
    expect(await store.search({ keys: ['tenant:a'], from: 0, to: 7, limit: 5 })).toEqual(found);
    await sleep(1_500);
    expect(await store.search({ keys: ['tenant:a'], from: 0, to: 7, limit: 5 })).toEqual(found);
    expect(await store.append({ at: 8, value })).toBe(2);
    expect((await store.log.lines(0, 5)).map(({ salt, text }) => [salt.length, text])).toEqual([
      [0, '{"tenant":"a","event":"tenant.created"}'],
      [16, '{"event":"tenant.created","tenant":"a"}'],
    ]);
  });

  describe.each([
    ['was removed', () => rm(bench.file), 'the file FILE of the database was removed'],
    [
      'lost its write-ahead log',
      () => rm(`${bench.file}-wal`),
      'the file FILE-wal of the database was removed',
    ],
    [
      'was replaced by an earlier copy',
      async () => {
        await rename(`${bench.file}.copy`, bench.file);
      },
      'the file FILE of the database was replaced by another',
    ],
    [
      'lost its last lines',
      async () => {
        const database = new DatabaseSync(bench.file);
        database.exec('DELETE FROM journal WHERE sequence > 1');
        database.close();
      },
      'it lacks audit lines that this server has written',
    ],
  ])('that %s', (_, lose, fault) => {
    test('while it was in use takes no further write of this process, and is still read', async () => {
      const store = await bench.open();
      await store.insert('client', 'a', { disabled: false });
      await store.append({ at: 0, value: 'first' });
      await copySqlite(bench.file, `${bench.file}.copy`);
      await store.append({ at: 0, value: 'second' });
      expect(await store.log.continues()).toBe(true);
      await lose();
      const refused = {
        code: 'store_rolled_back',
        cause: expect.objectContaining({ message: fault.replace('FILE', bench.file) }),
      };
      await expect(store.append({ at: 0, value: 'third' })).rejects.toMatchObject(refused);
      await expect(store.insert('client', 'b', {})).rejects.toMatchObject(refused);
      await expect(store.replace('client', 'a', 1, {})).rejects.toMatchObject(refused);
      await expect(store.remove('client', 'a', 1)).rejects.toMatchObject(refused);
      await expect(
        store.log.seal(0, { size: 1, root: new Uint8Array(32), checkpoint: '', marks: '' }, []),
      ).rejects.toMatchObject(refused);
      expect(store.continuity.fault).toBe(fault.replace('FILE', bench.file));
      expect(await store.get('client', 'a')).toMatchObject({ value: { disabled: false } });
    });
  });

  test('of another program is rejected and left unchanged', async () => {
    await mkdir(dirname(bench.file));
    const database = new DatabaseSync(bench.file);
    database.exec('CREATE TABLE cookies (name TEXT)');
    database.close();
    const before = readFileSync(bench.file);
    await expect(bench.open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The database ${bench.file} belongs to another program.`,
    });
    expect(readFileSync(bench.file).equals(before)).toBe(true);
  });

  test('that is not a database is rejected by name and left unchanged', async () => {
    await mkdir(dirname(bench.file));
    const text = 'these are my notes, not a database\n'.repeat(100);
    await writeFile(bench.file, text);
    await expect(bench.open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: `The database ${bench.file} is damaged: file is not a database.`,
    });
    expect(readFileSync(bench.file, 'utf8')).toBe(text);
    expect(files()).toEqual(['sojourn.db']);
  });

  test.each([
    ['overwritten in the middle', (bytes: Buffer) => bytes.fill(0xa5, 8_192, 20_480)],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, 8_192)],
  ])('that was %s is rejected by name and left unchanged', async (_, damage) => {
    const store = await bench.open();
    for (let i = 0; i < 50; i++) await store.insert('tenant', `t${i}`, { text: 'x'.repeat(500) });
    await store.close();
    const damaged = damage(readFileSync(bench.file));
    await writeFile(bench.file, damaged);
    await expect(bench.open()).rejects.toMatchObject({
      code: 'state_unusable',
      message: expect.stringContaining(`The database ${bench.file} is damaged: `),
    });
    expect(readFileSync(bench.file).equals(damaged)).toBe(true);
  });

  test('with damage in the journal still starts, and a backup reports the damage', async () => {
    const store = await bench.open();
    await store.insert('tenant', 'a', { name: 'Acme' });
    for (const value of ['first', 'middle', 'last'])
      await store.append({ at: 0, value: value.repeat(2_000) });
    await store.close();
    const bytes = readFileSync(bench.file);
    const page = Math.floor(bytes.indexOf('middle'.repeat(10)) / 4_096) * 4_096;
    await writeFile(bench.file, bytes.fill(0xa5, page, page + 4_096));

    const again = await bench.open();
    expect((await again.get('tenant', 'a'))?.value).toEqual({ name: 'Acme' });
    expect(await again.append({ at: 0, value: 'next' })).toBe(4);
    await expect(again.search({ limit: 10 })).rejects.toMatchObject({ code: 'state_unusable' });
    const copy = `${bench.file}.copy`;
    await expect(copySqlite(bench.file, copy)).rejects.toMatchObject({
      code: 'state_unusable',
      message: expect.stringContaining(`The database ${bench.file} is damaged: `),
    });
    expect(existsSync(copy)).toBe(false);
    expect(() => examineSqlite(bench.file)).toThrow(`The database ${bench.file} is damaged: `);
  });

  test('with damage rejects reads instead of returning no document', async () => {
    const store = await bench.open();
    for (let i = 0; i < 50; i++) await store.insert('tenant', `t${i}`, { text: 'x'.repeat(500) });
    await store.close();
    const again = await bench.open();
    await writeFile(bench.file, readFileSync(bench.file).fill(0xa5, 8_192));
    await expect(again.list('tenant', { limit: 100 })).rejects.toMatchObject({ code: 'state_unusable' });
  });

  test('at an unusable path is rejected by name', async () => {
    await mkdir(bench.file, { recursive: true });
    await expect(bench.open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(`The database ${bench.file} cannot be opened: `),
    });
  });

  test('that another process locks for too long rejects a write, and a later one succeeds', async () => {
    const store = await bench.open();
    const database = new DatabaseSync(bench.file);
    database.exec('BEGIN IMMEDIATE');
    const writes = [store.insert('tenant', 'a', {}), store.append({ at: 0, value: 1 }), store.ping()].map(
      (write) => write.catch((error: unknown) => error),
    );
    // Reads and everything else in the process continue.
    expect(await store.get('tenant', 'a')).toBeUndefined();
    for (const error of await Promise.all(writes)) {
      expect(error).toMatchObject({
        code: 'store_unavailable',
        message: 'The store is unavailable.',
        cause: expect.objectContaining({ message: 'database is locked' }),
      });
    }
    expect(await store.get('tenant', 'a')).toBeUndefined();
    const waiting = store.insert('tenant', 'a', {});
    database.exec('ROLLBACK');
    database.close();
    expect(await waiting).toBe(true);
    expect(await store.append({ at: 0, value: 1 })).toBe(1);
  });

  test('on a full disk rejects the write and keeps earlier data', async () => {
    const writer = startWriter(bench.url, 'w', { kilobytesPerFile: 512 });
    await writer.ended;
    const told = writer.lines();
    expect(told.pop()).toBe('refused store_unavailable, the first one is still there');
    expect(told.length).toBeGreaterThan(10);
    const store = await bench.open();
    for (const id of told) expect(await store.get('setting', id)).toMatchObject({ id, version: 1 });
    expect(await store.insert('setting', 'room again', {})).toBe(true);
  }, 60_000);

  test('can be created by several processes concurrently', async () => {
    const writers = Array.from({ length: 4 }, (_, i) => startWriter(bench.url, `w${i}`));
    try {
      await Promise.all(writers.map(({ begun }) => begun));
    } finally {
      for (const { child } of writers) child.kill('SIGKILL');
    }
    await Promise.all(writers.map(({ ended }) => ended));
    const told = writers.flatMap((writer) => writer.lines());
    expect(told.filter((line) => line.startsWith('refused'))).toEqual([]);
    const store = await bench.open();
    for (const id of told) expect(await store.get('setting', id)).toMatchObject({ id, version: 1 });
  }, 60_000);

  test('keeps every acknowledged write of two processes that are killed repeatedly', async () => {
    const told: string[] = [];
    for (let round = 0; round < 6; round++) {
      const writers = ['a', 'b'].map((name) => startWriter(bench.url, `${name}${round}`));
      try {
        await Promise.all(writers.map(({ begun }) => begun));
        await sleep(300);
      } finally {
        for (const { child } of writers) child.kill('SIGKILL');
      }
      await Promise.all(writers.map(({ ended }) => ended));
      told.push(...writers.flatMap((writer) => writer.lines()));
    }
    expect(told.filter((line) => line.startsWith('refused'))).toEqual([]);
    const store = await bench.open();
    const lines = new Map<string, number>();
    for (let after = 0, count = -1; count !== 0; after += count) {
      const page = await store.log.lines(after, 5_000);
      count = page.length;
      for (const { text } of page) {
        const { client } = JSON.parse(text!) as { client: string };
        lines.set(client, (lines.get(client) ?? 0) + 1);
      }
    }
    // A killed process may have stored more than it acknowledged.
    expect(told.filter((id) => lines.get(id) !== 1)).toEqual([]);
    const documents = await Promise.all(told.map((id) => store.get('setting', id)));
    expect(documents.filter((document) => document?.version !== 1)).toEqual([]);
    const [last = ''] = told.slice(-1);
    expect((await store.search({ keys: [`client:${last}`], limit: 2 })).items).toHaveLength(1);
    const database = new DatabaseSync(bench.file);
    expect(database.prepare('PRAGMA integrity_check').all()).toEqual([{ integrity_check: 'ok' }]);
    database.close();
  }, 120_000);
});
