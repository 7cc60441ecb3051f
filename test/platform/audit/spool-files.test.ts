/** The files of the spool: damaged, abandoned, taken over, full. */
import { appendFile, chmod, readFile, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { createSpooling } from '../../../src/platform/audit/index.ts';
import { openSpool } from '../../../src/platform/audit/spool.ts';
import { SojournError } from '../../../src/platform/errors/index.ts';
import type { Store } from '../../../src/platform/store/index.ts';
import {
  abandon,
  direct,
  entry,
  files,
  journal,
  late,
  lock,
  logged,
  logger,
  noon,
  range,
  record,
  spoolFolder,
  spoolingOn,
  sqlite,
  unavailable,
} from './spool-bench.ts';

describe('a spool file', () => {
  async function waiting(numbers: readonly number[]) {
    const store = await sqlite();
    const unlock = lock();
    const spooling = await spoolingOn(store);
    await record(spooling, ...numbers);
    await spooling.close();
    unlock();
    const [file = ''] = await files();
    return { store, file };
  }

  test.each<[string, (file: string) => Promise<void>, number[]]>([
    ['an incomplete last line', async (file) => truncate(file, (await stat(file)).size - 9), [0, 1]],
    ['a last line without its end', async (file) => truncate(file, (await stat(file)).size - 1), [0, 1, 2]],
    [
      'bytes that are no line at its end',
      (file) => appendFile(file, Buffer.from([0, 255, 10, 0, 0])),
      [0, 1, 2],
    ],
    ['no complete line', (file) => truncate(file, 5), []],
    ['a changed line', async (file) => flip(file, 'jti_1', 'jti_9'), [0, 2]],
  ])(
    'with %s is reported and kept, and all complete lines are appended',
    async (name, damage, good) => {
      const { store, file } = await waiting([0, 1, 2]);
      await damage(file);
      await abandon();
      const next = await spoolingOn(store);
      await next.drain();
      expect(await journal(store)).toEqual(late(...good));
      expect(await files()).toEqual([]);
      const isReported = name !== 'a last line without its end';
      expect((await files('.damaged')).length).toBe(isReported ? 1 : 0);
      expect(logged().includes('a spool file has damaged lines')).toBe(isReported);
      await record(next, 3);
      expect(await journal(store)).toEqual([...late(...good), ...direct(3)]);
    },
    30_000,
  );

  test('of a process that runs is left to it; one that is not touched for 10 seconds is taken over', async () => {
    const { store } = await waiting([0]);
    const now = Date.now() / 1000;
    const [file = ''] = await files();
    const other = await spoolingOn(store);
    for (const seconds of [0, 8]) {
      await utimes(file, now - seconds, now - seconds);
      await other.drain();
      expect(await journal(store)).toEqual([]);
    }
    await utimes(file, now - 11, now - 11);
    await other.drain();
    expect(await journal(store)).toEqual(late(0));
  }, 30_000);

  test('that another process has taken from one that runs loses no entry, and adds none twice', async () => {
    const store = await sqlite();
    let isDown = true;
    const cutOff = {
      ...store,
      append: async (line: Parameters<Store['append']>[0]) =>
        isDown ? Promise.reject(unavailable()) : store.append(line),
      ping: async () => (isDown ? Promise.reject(unavailable()) : store.ping()),
    };
    const [one, two] = [await spoolingOn(cutOff), await spoolingOn(store)];
    await record(one, 0, 1);
    await abandon();
    await two.drain();
    expect(await journal(store)).toEqual(late(0, 1));
    await record(one, 2);
    await abandon();
    await two.drain();
    isDown = false;
    await record(one, 3);
    await one.drain();
    await two.drain();
    await record(one, 4);
    expect(await journal(store)).toEqual([...late(0, 1, 2, 3), ...direct(4)]);
    expect([one.waiting(), await files()]).toEqual([0, []]);
  });

  test('is one of several, each about 1 MiB long, which are appended in order', async () => {
    const store = await sqlite();
    const unlock = lock();
    const spooling = await spoolingOn(store);
    const padding = 'x'.repeat(60_000);
    for (const number of range(0, 40))
      await spooling.append({ at: noon + number, value: { ...entry(number), reason: padding } });
    const sizes = await Promise.all((await files()).map(async (file) => (await stat(file)).size));
    expect([sizes.length, Math.max(...sizes) < 1_048_576 + 61_000]).toEqual([3, true]);
    unlock();
    await spooling.drain();
    expect(await journal(store)).toEqual(late(...range(0, 40)));
  }, 30_000);
});

describe('the spool refuses', () => {
  test('an entry that does not fit, and takes entries again after a drain', async () => {
    const store = await sqlite();
    const spooling = await spoolingOn(store, 800);
    const unlock = lock();
    await record(spooling, ...range(0, 4));
    await expect(record(spooling, 4)).rejects.toThrow('is full');
    unlock();
    await spooling.drain();
    await record(spooling, 5);
    expect(await journal(store)).toEqual([...late(0, 1, 2, 3), ...direct(5)]);
  }, 30_000);

  test('more than 64 MiB', async () => {
    const spool = await openSpool(spoolFolder());
    const line = { id: 'a', at: noon, after: 0, value: { text: 'x'.repeat(1_000_000) } };
    let count = 0;
    while (
      await spool.add(line).then(
        () => true,
        () => false,
      )
    )
      count += 1;
    expect(count).toBe(Math.floor((64 * 1_048_576) / (1_000_000 + 70)));
  }, 60_000);

  test('an entry that the store refuses for another reason than an outage', async () => {
    const store = await sqlite();
    const damaged = { ...store, append: () => Promise.reject(new SojournError('state_unusable', {})) };
    const spooling = await spoolingOn(damaged);
    await expect(record(spooling, 0)).rejects.toMatchObject({ code: 'state_unusable' });
    expect(await files()).toEqual([]);
  });

  test('every entry once the store has lost acknowledged writes, also while entries wait', async () => {
    const store = await sqlite();
    let error = unavailable();
    const spooling = await spoolingOn({ ...store, append: () => Promise.reject(error) });
    await record(spooling, 0);
    error = new SojournError('store_rolled_back', {});
    await spooling.drain();
    await expect(record(spooling, 1)).rejects.toMatchObject({ code: 'store_rolled_back' });
    expect(spooling.waiting()).toBe(1);
    expect(logged()).toContain('cannot append the spooled audit entries');
    const other = await spoolingOn({ ...store, append: () => Promise.reject(error) });
    await expect(record(other, 2)).rejects.toMatchObject({ code: 'store_rolled_back' });
    expect(other.waiting()).toBe(0);
  });

  test('a folder that other users can read', async () => {
    const store = await sqlite();
    await createSpooling({ store, folder: spoolFolder(), logger });
    await chmod(spoolFolder(), 0o750);
    await expect(createSpooling({ store, folder: spoolFolder(), logger })).rejects.toMatchObject({
      code: 'state_unusable',
      advice: `Run: chmod 700 ${spoolFolder()}`,
    });
  });
});

async function flip(file: string, from: string, to: string): Promise<void> {
  await writeFile(file, (await readFile(file, 'utf8')).replace(from, to));
}
