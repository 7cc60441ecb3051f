/** Stops everything that a test file starts, in reverse order after its last test, and removes its folders. */
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { type ProcessOptions, type ServerProcess, startProcess } from './process.ts';

const endings: (() => Promise<unknown>)[] = [];
export const later = (end: () => Promise<unknown>): void => {
  endings.push(end);
};

afterAll(async () => {
  for (const end of endings.splice(0).reverse()) await end();
}, 60_000);

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-e2e-'));
  later(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  return folder;
}

/**
 * A free port below those that systems hand out for outgoing connections (32768 and up on Linux, 49152 by RFC 6335), so
 * that nobody takes it while a server is started again.
 */
export async function steadyPort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 32_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    probe.close();
    await once(probe, 'close');
    return port;
  }
}

/** A server process that does not outlive the file's tests. */
export async function server(options: ProcessOptions): Promise<ServerProcess> {
  const started = await startProcess(options);
  later(() => started.stop('SIGKILL'));
  return started;
}

/** What a configuration and an environment need to say so that the state lives in a shared store. */
export interface SharedStore {
  readonly config: { store: string; keys: { encryption_key: string } };
  readonly env: Record<string, string>;
}

/** A new Redis. */
export async function redisStore(): Promise<SharedStore> {
  const redis = await startRedis({ settings: ['--appendonly', 'yes', '--appendfsync', 'always'] });
  later(() => redis.stop());
  return sharedStore(redis.url);
}

/** A new PostgreSQL. */
export async function postgresStore(): Promise<SharedStore> {
  const postgres = await startPostgres();
  later(() => postgres.stop());
  return sharedStore(postgres.url);
}

const sharedStore = (store: string): SharedStore => ({
  config: { store, keys: { encryption_key: 'env:KEY_OF_KEYS' } },
  env: { KEY_OF_KEYS: randomBytes(32).toString('base64url') },
});
