/** The clock of one process is set by faketime, as an operator or NTP sets that of a machine. */
import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { testWith } from '../support/programs.ts';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import type { ServerProcess } from './process.ts';
import { newFolder, redisStore, server, steadyPort } from './stage.ts';

/** Starts a server whose clock `set` sets: `+0`, `+1h`, `@1970-01-02 00:00:00`. */
async function withClock(options: { config?: object; env?: Record<string, string>; clock?: string } = {}) {
  const folder = await newFolder();
  const port = await steadyPort();
  const file = join(folder, 'clock');
  const set = (text: string) => writeFile(file, `${text}\n`);
  await set(options.clock ?? '+0');
  const start = (): Promise<ServerProcess> =>
    server({
      ...{ folder, port, config: { ...options.config } },
      env: {
        ...options.env,
        LD_PRELOAD: globSync('/usr/lib/*/faketime/libfaketime.so.1')[0] ?? '',
        FAKETIME_TIMESTAMP_FILE: file,
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
      },
    });
  return { start, set };
}

const keysOf = ({ admin }: ServerProcess) =>
  admin.get<{ items: { kid: string; state: string }[] }>('/keys').then(({ items }) => items);

const jumps = ['+1h', '-1h', '@1970-01-02 00:00:00', '@2100-01-01 00:00:00'];

testWith(['faketime'])(
  'a server whose clock is set by an hour, to 1970 or to 2100 issues nothing until it is right, and changes no key',
  async () => {
    const { start, set } = await withClock({ config: { keys: { rotate_every: '1h' } } });
    const running = await start();
    const { client, connection } = await oneConnection(running);
    const ask = () => askToken(running.issuer, withSecret(client, connection));
    expect(await ask()).toMatchObject({ status: 200 });
    // The next keys have been created.
    await sleep(3_000);
    const keys = await keysOf(running);
    for (const clock of jumps) {
      await set(clock);
      for (let requests = 0; requests < 20; requests++) {
        expect(await ask()).toMatchObject({ status: 503 });
        await sleep(150);
      }
      expect((await fetch(`${running.origin}/readyz`)).status).toBe(503);
      expect((await fetch(`${running.origin}/jwks`)).status).toBe(200);
      await set('+0');
      for (let tries = 0; (await ask()).status !== 200; tries++) {
        expect(tries).toBeLessThan(50);
        await sleep(100);
      }
    }
    expect(await keysOf(running)).toEqual(keys);
  },
  120_000,
);

testWith(['faketime'])(
  'a server that starts in 1970 or 2100 changes no key; in 1970, before its own audit log, it issues nothing',
  async () => {
    const { start, set } = await withClock({ config: { keys: { rotate_every: '1h' } } });
    let running = await start();
    const { client, connection } = await oneConnection(running);
    await sleep(3_000);
    const keys = await keysOf(running);
    for (const [clock, status] of [
      ['@1970-01-02 00:00:00', 503],
      ['@2100-01-01 00:00:00', 200],
    ] as const) {
      await running.stop('SIGTERM');
      await set(clock);
      running = await start();
      await sleep(3_000);
      expect((await askToken(running.issuer, withSecret(client, connection))).status).toBe(status);
      expect(await keysOf(running)).toEqual(keys);
    }
  },
  120_000,
);

testWith(['faketime', 'redis-server'])(
  'a server whose clock differs by an hour from that of Redis at its start issues nothing until it agrees',
  async () => {
    const { start, set } = await withClock({ ...(await redisStore()), clock: '+1h' });
    const running = await start();
    const { client, connection } = await oneConnection(running);
    const ask = () => askToken(running.issuer, withSecret(client, connection));
    expect(await ask()).toMatchObject({ status: 503 });
    await set('+0');
    for (let tries = 0; (await ask()).status !== 200; tries++) {
      expect(tries).toBeLessThan(50);
      await sleep(100);
    }
  },
  60_000,
);
