/** `audit.on_failure: spool`: entries that a store cannot take wait on the disk, and are in the journal once when it is back. */
import { copyFile, open, readFile, stat } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import type { Store } from '../../../src/platform/store/index.ts';
import { startRedis } from '../../support/redis.ts';
import { blackHoleBefore } from '../store/black-hole.ts';
import {
  abandon,
  direct,
  entry,
  files,
  inFolder,
  journal,
  late,
  later,
  lock,
  logged,
  noon,
  range,
  record,
  spoolFolder,
  spoolingOn,
  sqlite,
  unavailable,
} from './spool-bench.ts';

describe('entries that a locked database cannot take', () => {
  test('are on the disk before the append resolves, and in the store after the lock, in order, marked and once', async () => {
    const store = await sqlite();
    const spooling = await spoolingOn(store);
    await record(spooling, 0);
    const unlock = lock();
    await record(spooling, 1, 2, 3);
    const startedAt = performance.now();
    await record(spooling, 4);
    // The store was not asked again.
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    expect(spooling.waiting()).toBe(4);
    const [file = '', ...others] = await files();
    expect(others).toEqual([]);
    expect([(await stat(file)).mode & 0o777, (await stat(spoolFolder())).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    const text = await readFile(file, 'utf8');
    expect(text.match(/jti_\d/g)).toEqual(['jti_1', 'jti_2', 'jti_3', 'jti_4']);
    await spooling.drain();
    expect([spooling.waiting(), await journal(store)]).toEqual([4, direct(0)]);
    unlock();
    await spooling.drain();
    await record(spooling, 5);
    expect(await journal(store)).toEqual([...direct(0), ...late(1, 2, 3, 4), ...direct(5)]);
    expect([spooling.waiting(), await files()]).toEqual([0, []]);
    const told = logged()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(told.map(({ level, msg, appended }) => [level, msg, appended])).toEqual([
      ['warn', 'the store takes no audit entries; they wait in the spool', undefined],
      ['info', 'appended the spooled audit entries to the store', 4],
    ]);
  }, 30_000);

  test('do not hide that the store has lost acknowledged writes', async () => {
    const store = await sqlite();
    const spooling = await spoolingOn(store);
    const unlock = lock();
    await record(spooling, 0);
    unlock();
    store.continuity.fault = 'it is empty';
    await expect(record(spooling, 1)).rejects.toMatchObject({ code: 'store_rolled_back' });
    expect(spooling.waiting()).toBe(1);
  }, 30_000);

  test('end up in the store while new entries arrive all the time, and the spool is left', async () => {
    const store = await sqlite();
    const spooling = await spoolingOn(store);
    const unlock = lock();
    await record(spooling, 0);
    let number = 1;
    let isOver = false;
    const load = (async () => {
      while (!isOver) await record(spooling, number++);
    })();
    await new Promise((resolve) => setTimeout(resolve, 200));
    unlock();
    await spooling.drain();
    expect(spooling.waiting()).toBe(0);
    isOver = true;
    await load;
    const lines = await journal(store);
    expect(lines.map(([, jti]) => jti)).toEqual(range(0, number));
    expect(lines.at(-1)?.[2]).toBe(false);
  }, 30_000);

  test('of one turn of the event loop share one fsync', async () => {
    const store = await sqlite();
    const spooling = await spoolingOn(store);
    const unlock = lock();
    await record(spooling, 0);
    const handle = await open(inFolder('any'), 'w');
    const prototype = Object.getPrototypeOf(handle) as { datasync(): Promise<void> };
    await handle.close();
    const { datasync } = prototype;
    let syncs = 0;
    prototype.datasync = function counted() {
      syncs += 1;
      return datasync.call(this);
    };
    try {
      await record(spooling, ...range(1, 200));
    } finally {
      prototype.datasync = datasync;
    }
    expect(syncs).toBe(1);
    unlock();
    await spooling.drain();
    expect(await journal(store)).toEqual(late(...range(0, 200)));
  }, 30_000);
});

describe('an entry is in the journal once', () => {
  test('if the store had taken it, but its confirmation was lost', async () => {
    const store = await sqlite();
    let fault: 'lost' | 'down' | undefined = 'lost';
    const faulty = {
      ...store,
      append: async (line: Parameters<Store['append']>[0]) => {
        const sequence = fault === 'down' ? 0 : await store.append(line);
        if (fault) throw unavailable();
        return sequence;
      },
    };
    const spooling = await spoolingOn(faulty);
    await record(spooling, 0);
    await spooling.drain();
    expect([spooling.waiting(), await journal(store)]).toEqual([0, direct(0)]);
    // Now the confirmation of the drain is lost.
    fault = 'down';
    await record(spooling, 1, 2);
    fault = 'lost';
    await spooling.drain();
    fault = undefined;
    await spooling.drain();
    expect([spooling.waiting(), await journal(store)]).toEqual([0, [...direct(0), ...late(1, 2)]]);
  });

  test.each([1, 7, 100, 250])(
    'if the process is killed after %d of 250 were appended',
    async (appended) => {
      const store = await sqlite();
      const unlock = lock();
      const first = await spoolingOn(store);
      await record(first, ...range(0, 250));
      unlock();
      await first.close();
      const [file = ''] = await files();
      await copyFile(file, inFolder('before'));
      // The drain of the killed process: some entries are in the store, and its file is still there.
      const ids = [...(await readFile(file, 'utf8')).matchAll(/"id":"([^"]+)"/g)].map(([, id]) => id);
      for (const number of range(0, appended))
        await store.append({ at: noon + number, value: { ...entry(number), spooled: ids[number] } });
      const second = await spoolingOn(store);
      await second.drain();
      expect(await journal(store)).toEqual(late(...range(0, 250)));
      // Killed after the last append and before the file was removed.
      await copyFile(inFolder('before'), file);
      await abandon();
      await second.drain();
      expect(await journal(store)).toEqual(late(...range(0, 250)));
      expect(await files()).toEqual([]);
    },
    30_000,
  );
});

test('entries that Redis does not answer for wait, and are appended once when it answers again', async () => {
  const redis = await startRedis();
  later(() => redis.stop());
  const hole = await blackHoleBefore(redis.port);
  later(() => hole.close());
  const store = await sqlite(`redis://127.0.0.1:${hole.port}`);
  const spooling = await spoolingOn(store);
  await record(spooling, 0);
  hole.swallow(true);
  await record(spooling, 1, 2);
  await record(spooling, 3);
  await spooling.drain();
  expect(spooling.waiting()).toBe(3);
  hole.swallow(false);
  const until = performance.now() + 20_000;
  while (spooling.waiting() > 0 && performance.now() < until) await spooling.drain();
  await record(spooling, 4);
  expect(await journal(store)).toEqual([...direct(0), ...late(1, 2, 3), ...direct(4)]);
}, 60_000);
