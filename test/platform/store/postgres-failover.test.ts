/** Failovers: to a synchronous standby nothing is lost, and the loss of any other is noticed. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { type PostgresServer, startPostgres } from '../../support/postgres.ts';
import { type BlackHole, blackHoleBefore } from './black-hole.ts';
import { noon } from './journal.ts';
import { later, on, timed, unavailable, untilServed } from './trouble.ts';
import { startWriter } from './written.ts';

interface Pair {
  readonly primary: PostgresServer;
  readonly standby: PostgresServer;
  /** Leads to the primary. */
  readonly front: BlackHole;
  /** The store behind the front. */
  readonly url: string;
}

async function pair({ synchronous }: { readonly synchronous: boolean }): Promise<Pair> {
  const primary = await startPostgres();
  later(() => primary.stop());
  const standby = await startPostgres({ standbyOf: primary });
  later(() => standby.stop());
  if (synchronous) {
    await primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await primary.ask('SELECT pg_reload_conf()');
    await until(primary, "SELECT FROM pg_stat_replication WHERE sync_state = 'sync'");
  }
  const front = await blackHoleBefore(primary.port);
  later(() => front.close());
  return { primary, standby, front, url: primary.url.replace(`:${primary.port}/`, `:${front.port}/`) };
}

async function until({ ask }: PostgresServer, sql: string): Promise<void> {
  const end = performance.now() + 15_000;
  while ((await ask(sql)).length === 0) {
    if (performance.now() > end) throw new Error(`no row within 15 s: ${sql}`);
    await sleep(50);
  }
}

async function failOver({ primary, standby, front }: Pair): Promise<void> {
  await primary.kill('SIGKILL');
  await standby.ask('SELECT pg_promote()');
  front.to(standby.port);
}

describe('PostgreSQL with a standby', () => {
  test('a failover to the synchronous standby keeps every acknowledged write, and open stores continue', async () => {
    const servers = await pair({ synchronous: true });
    const store = await on(servers.url).open();
    expect(await store.append({ at: noon, value: 'before' })).toBe(1);
    const writers = ['a', 'b'].map((name) => startWriter(servers.url, name));
    later(async () => writers.map(({ child }) => child.kill('SIGKILL')));
    await Promise.all(writers.map(({ begun }) => begun));
    await sleep(500);
    await failOver(servers);
    await Promise.all(writers.map(({ ended }) => ended));
    const acknowledged = writers
      .flatMap((writer) => writer.lines())
      .filter((id) => !id.startsWith('refused'));
    expect(acknowledged.length).toBeGreaterThan(10);
    await untilServed(store);
    const lines = await store.log.lines(0, 5_000);
    const clients = lines.map(({ text }) => (JSON.parse(text!) as { client?: string }).client);
    expect(acknowledged.filter((id) => clients.filter((client) => client === id).length !== 1)).toEqual([]);
    for (const id of acknowledged) expect(await store.get('setting', id)).toMatchObject({ id, version: 1 });
    expect(await store.append({ at: noon, value: 'after' })).toBe(lines.length + 1);
  }, 90_000);

  test('a failover to a standby without the last writes is noticed by the next write', async () => {
    const servers = await pair({ synchronous: false });
    const store = await on(servers.url).open();
    await store.append({ at: noon, value: 'replicated' });
    await until(servers.primary, 'SELECT FROM pg_stat_replication WHERE replay_lsn = pg_current_wal_lsn()');
    await servers.standby.kill('SIGKILL');
    await store.append({ at: noon, value: 'lost' });
    await store.insert('client', 'disabled', {});
    await servers.primary.kill('SIGKILL');
    await servers.standby.restart();
    await failOver(servers);
    const refused = { code: 'store_rolled_back' };
    await untilRead(() => store.log.continues());
    expect(await store.log.continues()).toBe(false);
    await expect(store.append({ at: noon, value: 'after' })).rejects.toMatchObject(refused);
    await expect(store.insert('client', 'b', {})).rejects.toMatchObject(refused);
    expect(store.continuity.fault).toBe('it lacks audit lines that this server has written');
    expect(await servers.standby.ask('SELECT value FROM sojourn.journal', 'sojourn')).toEqual([
      { value: '"replicated"' },
    ]);
  }, 90_000);

  test('a standby that is not promoted is neither read nor written, because it can be behind', async () => {
    const { primary, standby, front, url } = await pair({ synchronous: false });
    const store = await on(url).open();
    await store.insert('tenant', 'a', {});
    front.to(standby.port);
    await sleep(100);
    const refused: unknown = await store.get('tenant', 'a').catch((error) => error);
    expect(refused).toMatchObject({
      code: 'store_unavailable',
      cause: { message: 'the server is a standby, not the primary' },
    });
    await expect(on(url).open()).rejects.toMatchObject({
      code: 'store_unavailable',
      message: expect.stringContaining(' is unusable: the server is a standby, not the primary.'),
    });
    front.to(primary.port);
    await untilServed(store);
  }, 90_000);

  test('no write succeeds while the synchronous standby is down, even if its wait is cancelled', async () => {
    const { primary, standby, url } = await pair({ synchronous: true });
    const store = await on(url).open();
    const append = (value: string) => store.append({ at: noon, value });
    await append('before');
    standby.signalAll('SIGSTOP');
    expect(await Promise.all([timed(append('hung')), timed(store.insert('claim', 'hung', {}))])).toEqual([
      unavailable,
      unavailable,
    ]);
    // An administrator cancels the wait for the standby: the commit stays, but is on one disk only.
    const cancelled = Promise.all([timed(store.insert('claim', 'cancelled', {}))]);
    await until(
      primary,
      `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
       WHERE wait_event = 'SyncRep' AND state = 'active' AND query LIKE '%inserted AS%' AND query_start > now() - interval '1 s'`,
    );
    expect(await cancelled).toEqual([unavailable]);
    expect(await store.get('claim', 'cancelled')).toEqual({ id: 'cancelled', version: 1, value: {} });
    standby.signalAll('SIGCONT');
    await untilServed(store);
    const sequence = await append('after');
    // What was refused may have been written.
    expect([2, 3]).toContain(sequence);
    expect((await store.log.lines(0, 10)).map(({ sequence: number }) => number)).toEqual(
      Array.from({ length: sequence }, (_, i) => i + 1),
    );
  }, 90_000);
});

async function untilRead(read: () => Promise<unknown>): Promise<void> {
  const end = performance.now() + 15_000;
  while ((await timed(read())).outcome !== 'done') {
    if (performance.now() > end) throw new Error('the store cannot be read');
    await sleep(50);
  }
}
