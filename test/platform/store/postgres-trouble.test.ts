import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import pg from 'pg';
import type { Store } from '../../../src/platform/store/index.ts';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { blackHoleBefore } from './black-hole.ts';
import { noon } from './journal.ts';
import { later, on, timed, unavailable, untilServed } from './trouble.ts';
import { startWriter, type Writer } from './written.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
beforeEach(() => server.empty());
afterAll(() => server.stop());

const ask = (sql: string) => server.ask(sql, 'sojourn');
const through = (port: number) => server.url.replace(`:${server.port}/`, `:${port}/`);

/** What was logged above level debug, without the warnings of the start. */
const outagesIn = (log: string) =>
  log
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as { level: string; msg: string })
    .filter(({ level, msg }) => level !== 'debug' && !msg.includes(' is off: '))
    .map(({ msg }) => msg);

describe('a failure of PostgreSQL', () => {
  test('a killed server gives an error at once, and the store reconnects when it is back', async () => {
    const bench = on(server.url);
    const store = await bench.open();
    await store.insert('tenant', 'a', {});
    await server.kill('SIGKILL');
    for (const work of [
      () => store.get('tenant', 'a'),
      () => store.insert('tenant', 'b', {}),
      () => store.append({ at: noon, value: 1 }),
      () => store.ping(),
    ])
      expect(await timed(work())).toEqual(unavailable);
    // Long enough for several attempts, which the log reports as one outage.
    await sleep(500);
    await server.restart();
    await untilServed(store);
    expect(await store.insert('tenant', 'b', {})).toBe(true);
    expect(await store.get('tenant', 'a')).toEqual({ id: 'a', version: 1, value: {} });
    expect(outagesIn(bench.logged())).toEqual([
      'lost the connection to the store; reconnecting',
      'the connection to the store is restored',
    ]);
  }, 60_000);

  test('a stopped server gives every caller an error in time, and serves them when it continues', async () => {
    const store = await on(server.url).open();
    await store.ping();
    server.signalAll('SIGSTOP');
    const callers = Array.from({ length: 20 }, (_, i) => timed(store.insert('claim', `stopped-${i}`, {})));
    callers.push(timed(store.append({ at: noon, value: 1 })), timed(store.search({ limit: 5 })));
    expect(await Promise.all(callers)).toEqual(callers.map(() => unavailable));
    server.signalAll('SIGCONT');
    await untilServed(store);
    expect(await store.insert('claim', 'after', {})).toBe(true);
  }, 60_000);

  test('a hung network gives every caller an error in time, and the store recovers with new connections', async () => {
    const hole = await blackHoleBefore(server.port);
    later(() => hole.close());
    const store = await on(through(hole.port)).open();
    await store.ping();
    hole.swallow(true);
    const callers = Array.from({ length: 20 }, (_, i) => timed(store.insert('claim', `hung-${i}`, {})));
    const lines = Array.from({ length: 5 }, (_, i) => timed(store.append({ at: noon, value: i })));
    expect(await Promise.all([...callers, ...lines])).toEqual([...callers, ...lines].map(() => unavailable));
    expect(await timed(store.search({ keys: ['a', 'b'], limit: 5 }))).toEqual(unavailable);
    hole.swallow(false);
    await untilServed(store);
    // Writes that were rejected did not happen later.
    expect(await store.get('claim', 'hung-0')).toBeUndefined();
    expect(await store.append({ at: noon, value: 'first' })).toBe(1);
  }, 60_000);

  test('closing the store ends in time while the server hangs or is down, and leaves no connection', async () => {
    const hole = await blackHoleBefore(server.port);
    const store = await on(through(hole.port)).open();
    const other = await on(through(hole.port)).open();
    await Promise.all([store.ping(), other.ping()]);
    hole.swallow(true);
    expect(await timed(store.close())).toEqual({ outcome: 'done', soon: true });
    await hole.close();
    await sleep(100);
    expect(await timed(other.close())).toEqual({ outcome: 'done', soon: true });
    await expect(other.get('tenant', 'a')).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  test('a table that another program locks gives every caller an error in time', async () => {
    const store = await on(server.url).open();
    await store.append({ at: noon, value: 'first' });
    const locker = new pg.Client({ connectionString: server.url });
    await locker.connect();
    later(() => locker.end());
    await locker.query('BEGIN; LOCK TABLE sojourn.documents, sojourn.journal IN EXCLUSIVE MODE');
    const writes = Array.from({ length: 20 }, (_, i) => timed(store.insert('claim', `locked-${i}`, {})));
    const lines = Array.from({ length: 5 }, (_, i) => timed(store.append({ at: noon, value: i })));
    expect(await Promise.all([...writes, ...lines])).toEqual([...writes, ...lines].map(() => unavailable));
    await locker.query('ROLLBACK');
    await untilServed(store);
    expect(await store.insert('claim', 'locked-0', {})).toBe(true);
    expect(await store.append({ at: noon, value: 'second' })).toBe(2);
  }, 60_000);

  test('a server without a free connection gives an error, and serves when one is free', async () => {
    const first = await on(server.url).open();
    await server.ask('ALTER ROLE sojourn CONNECTION LIMIT 0');
    later(() => server.ask('ALTER ROLE sojourn CONNECTION LIMIT -1'));
    await server.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'sojourn'");
    await sleep(100);
    const refused: unknown = await first.ping().catch((error) => error);
    expect(refused).toMatchObject({
      code: 'store_unavailable',
      cause: { message: 'too many connections for role "sojourn"' },
    });
    await expect(on(server.url).open()).rejects.toMatchObject({ code: 'store_unavailable' });
    await server.ask('ALTER ROLE sojourn CONNECTION LIMIT -1');
    await untilServed(first);
  });

  test('one process uses at most 10 connections and one for appends, and more callers wait', async () => {
    const store = await on(server.url).open();
    const writes = Array.from({ length: 100 }, (_, i) => store.insert('claim', `many-${i}`, {}));
    const lines = Array.from({ length: 100 }, (_, i) => store.append({ at: noon, value: i }));
    expect(await Promise.all(writes)).toEqual(writes.map(() => true));
    expect(await Promise.all(lines)).toEqual(lines.map((_, i) => i + 1));
    const connections = "SELECT count(*)::integer AS count FROM pg_stat_activity WHERE usename = 'sojourn'";
    expect(await ask(connections)).toEqual([{ count: 11 }]);
  });

  test('commits concurrent lines together, and numbers them in the order of their appends', async () => {
    const store = await on(server.url).open();
    const append = (value: number) => store.append({ at: noon, value });
    const numbers = Array.from({ length: 200 }, (_, i) => i + 1);
    expect(await Promise.all(numbers.map(append))).toEqual(numbers);
    const transactions = 'SELECT count(DISTINCT xmin::text)::integer AS count FROM sojourn.journal';
    const [found] = (await ask(transactions)) as { count: number }[];
    expect(found?.count).toBeLessThanOrEqual(3);
  });

  test('is closed only after pending lines are committed', async () => {
    const store = await on(server.url).open();
    const lines = [store.append({ at: 0, value: 1 }), store.append({ at: 0, value: 2 })];
    await store.close();
    expect(await Promise.all(lines)).toEqual([1, 2]);
    expect((await (await on(server.url).open()).search({ limit: 1 })).items).toMatchObject([{ value: 2 }]);
  });

  test.each([
    ['was emptied', 'TRUNCATE sojourn.journal, sojourn.documents'],
    ['lost its last lines', 'DELETE FROM sojourn.journal WHERE sequence = 2'],
    ['has other lines', "UPDATE sojourn.journal SET salt = '\\x00' WHERE sequence = 2"],
  ])('a server that %s takes no further write of this process, and is still read', async (_, lose) => {
    const store = await on(server.url).open();
    await store.append({ at: noon, value: 'first' });
    await store.append({ at: noon, value: 'second' });
    expect(await store.log.continues()).toBe(true);
    await ask(lose);
    expect(await store.log.continues()).toBe(false);
    const newest = await ask('SELECT max(sequence) FROM sojourn.journal');
    const refused = { code: 'store_rolled_back' };
    await expect(store.append({ at: noon, value: 'third' })).rejects.toMatchObject(refused);
    await expect(store.insert('client', 'b', {})).rejects.toMatchObject(refused);
    await expect(store.replace('client', 'b', 1, {})).rejects.toMatchObject(refused);
    await expect(store.remove('client', 'b', 1)).rejects.toMatchObject(refused);
    expect(store.continuity.fault).toBe('it lacks audit lines that this server has written');
    expect(await ask('SELECT max(sequence) FROM sojourn.journal')).toEqual(newest);
    expect(await store.get('client', 'b')).toBeUndefined();
  });

  test('an append never uses a number that was sealed', async () => {
    const store = await on(server.url).open();
    for (const value of ['first', 'second']) await store.append({ at: noon, value });
    await store.log.seal(0, { size: 2, root: Buffer.alloc(32), checkpoint: 'c', marks: '{}' }, []);
    await ask('DELETE FROM sojourn.journal WHERE sequence = 2');
    expect(await (await on(server.url).open()).append({ at: noon, value: 'third' })).toBe(3);
  });

  test('an error never contains the document', async () => {
    const bench = on(server.url);
    const store = await bench.open();
    await ask('ALTER TABLE sojourn.documents ADD CONSTRAINT short CHECK (length(value) < 5)');
    const error: unknown = await store.insert('setting', 's', { hash: 'hunter2' }).catch((reason) => reason);
    expect(error).toMatchObject({
      code: 'store_unavailable',
      cause: expect.objectContaining({
        message: 'new row for relation "documents" violates check constraint "short"',
      }),
    });
    expect(inspect(error, { depth: 9 }) + bench.logged()).not.toContain('hunter2');
  });

  test('a caller whose clock has jumped ahead removes nothing', async () => {
    const bench = on(server.url);
    const store = await bench.open();
    const far = Date.UTC(2100, 0);
    bench.clock.ms = noon;
    await store.insert('claim', 'a', {}, { expiresAt: far - 3_600_000 });
    bench.clock.ms = far;
    for (let i = 0; i < 256; i++) await store.insert('claim', `x${i}`, {}, { expiresAt: far + 1 });
    bench.clock.ms = noon;
    expect(await store.insert('claim', 'a', {}, { expiresAt: far })).toBe(false);
  });

  test('a removed owner and an insert that depends on it never both succeed', async () => {
    const store = await on(server.url).open();
    for (let i = 0; i < 40; i++) {
      const id = `t${i}`;
      await store.insert('tenant', id, {});
      const ifUnchanged = { recordType: 'tenant', id, version: 1 } as const;
      const [removed, inserted] = await Promise.all([
        store.remove('tenant', id, 1),
        store.insert('connection', id, {}, { within: id, ifUnchanged }),
      ]);
      // The connection may have been inserted before the removal.
      expect(removed).toBe(true);
      if (inserted) expect(await store.get('connection', id)).toBeDefined();
    }
  });

  test('writers and a server that are killed repeatedly keep every acknowledged write, once', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 4; round++) {
      const writers = ['a', 'b'].map((name) => startWriter(server.url, `${name}${round}`));
      try {
        await Promise.all(writers.map(({ begun }) => begun));
        await sleep(300);
        if (round % 2 === 0) await server.kill('SIGKILL');
      } finally {
        for (const { child } of writers) child.kill('SIGKILL');
      }
      await Promise.all(writers.map(({ ended }) => ended));
      acknowledged.push(...writers.flatMap(writtenBy));
      if (round % 2 === 0) await server.restart();
    }
    expect(acknowledged.length).toBeGreaterThan(20);
    await expectWritten(await on(server.url).open(), acknowledged);
  }, 120_000);
});

/** A writer reports an outage and ends. */
const writtenBy = (writer: Writer): string[] => writer.lines().filter((line) => !line.startsWith('refused'));

async function expectWritten(store: Store, acknowledged: readonly string[]): Promise<void> {
  const lines = new Map<string, number>();
  let last = 0;
  for (
    let page = await store.log.lines(0, 5_000);
    page.length > 0;
    page = await store.log.lines(last, 5_000)
  ) {
    for (const { sequence, text } of page) {
      expect(sequence).toBe(last + 1);
      last = sequence;
      const { client } = JSON.parse(text!) as { client: string };
      lines.set(client, (lines.get(client) ?? 0) + 1);
    }
  }
  // A killed process may have stored more than it acknowledged.
  expect(acknowledged.filter((id) => lines.get(id) !== 1)).toEqual([]);
  for (const id of acknowledged) expect(await store.get('setting', id)).toMatchObject({ id, version: 1 });
}
