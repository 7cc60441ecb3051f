/** The time for which one request may wait for a store that does not answer. */
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore, type Store, withStoreBudget } from '../../../src/platform/store/index.ts';
import { startPostgres } from '../../support/postgres.ts';
import { startRedis } from '../../support/redis.ts';

const ends: (() => unknown)[] = [];
const later = (end: () => unknown) => void ends.unshift(end);
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});
const open = async (url: string): Promise<Store> => {
  const store = await openStore(url, { logger: createLogger({ level: 'silent' }), now: Date.now });
  later(() => store.close());
  return store;
};

async function budgeted<T>(work: () => Promise<T>): Promise<T> {
  let result: T;
  await withStoreBudget(async () => {
    result = await work();
  })();
  return result!;
}
const isUnavailable = (error: { code?: string }) => error.code === 'store_unavailable';
/** So many calls, one after the other; resolves to how many failed as they must. */
const failing = async (times: number, call: () => Promise<unknown>): Promise<number> => {
  let failed = 0;
  for (let time = 0; time < times; time++)
    await call().catch((error) => {
      failed += isUnavailable(error) ? 1 : 0;
    });
  return failed;
};

/** A TCP proxy whose answers can be late. */
async function slowProxy(port: number) {
  let delayMs = 0;
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).on('error', () => near.destroy());
    near.on('error', () => far.destroy());
    far.on('data', (bytes) => setTimeout(() => near.write(bytes), delayMs));
    far.on('close', () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  later(() => server.close());
  const delay = (milliseconds: number) => {
    delayMs = milliseconds;
  };
  return { port: (server.address() as AddressInfo).port, delay };
}

/** Without a budget, three calls take far over 2 s; all of them fail, or none. */
const stores = {
  async 'a locked SQLite file'() {
    const folder = await mkdtemp(join(tmpdir(), 'sojourn-budget-'));
    later(() => rm(folder, { recursive: true }));
    const file = join(folder, 'a.db');
    const store = await open(`sqlite:${file}`);
    const other = new DatabaseSync(file);
    later(() => other.close());
    return {
      store,
      stop: () => other.exec('BEGIN IMMEDIATE'),
      start: () => other.exec('ROLLBACK'),
      fails: 3,
    };
  },
  async 'a slow Redis'() {
    const redis = await startRedis();
    later(() => redis.stop());
    const proxy = await slowProxy(redis.port);
    const store = await open(`redis://127.0.0.1:${proxy.port}`);
    return { store, stop: () => proxy.delay(1_000), start: () => proxy.delay(0), fails: 0 };
  },
  async 'a slow PostgreSQL'() {
    const postgres = await startPostgres();
    later(() => postgres.stop());
    const proxy = await slowProxy(postgres.port);
    const store = await open(postgres.url.replace(`:${postgres.port}/`, `:${proxy.port}/`));
    // The requests of a test, and the indexing in the background, have connections before they become slow.
    await Promise.all(Array.from({ length: 5 }, () => store.ping()));
    return { store, stop: () => proxy.delay(1_000), start: () => proxy.delay(0), fails: 0 };
  },
};

describe.each(Object.keys(stores) as (keyof typeof stores)[])('a request to %s', (name) => {
  let store: Store;
  let stop: () => void;
  let start: () => void;
  let fails: number;
  beforeEach(async () => {
    ({ store, stop, start, fails } = await stores[name]());
  }, 30_000);

  let id = 0;
  const insert = () => store.insert('claim', `id-${id++}`, {});

  test('is refused before a request without a budget has made three calls', async () => {
    stop();
    const order: string[] = [];
    const [one, two] = await Promise.all([
      budgeted(() => failing(10, insert)).finally(() => order.push('budget')),
      failing(3, insert).finally(() => order.push('none')),
    ]);
    expect(one).toBeGreaterThanOrEqual(9);
    expect([two, order]).toEqual([fails, ['budget', 'none']]);
    start();
  }, 30_000);

  test('does not spend the budget of another request, and what it leaves behind has none', async () => {
    stop();
    expect(await budgeted(() => failing(5, insert))).toBeGreaterThanOrEqual(4);
    const { promise: isAnswered, resolve: answer } = Promise.withResolvers<void>();
    const { background } = await budgeted(async () => ({
      background: isAnswered.then(() => failing(3, insert)),
    }));
    answer();
    expect(await background).toBe(fails);
    start();
    expect(await budgeted(() => failing(20, insert))).toBe(0);
  }, 30_000);
});
