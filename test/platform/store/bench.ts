/** Test benches for the backends: empty state, several handles, an adjustable clock, all log lines. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import pg from 'pg';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore, type Store } from '../../../src/platform/store/index.ts';
import type { Bench } from './contract.ts';
import { noon } from './journal.ts';

export interface LoggedBench extends Bench {
  /** The store URL, as in the configuration. */
  readonly url: string;
  /** Everything logged so far, at debug level. */
  logged(): string;
}

export function benchOn(url: string, clean: () => Promise<unknown> = async () => {}): LoggedBench {
  const clock = { ms: noon };
  const handles: Store[] = [];
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const logger = createLogger({ level: 'debug', destination });
  return {
    url,
    clock,
    logged: () => log,
    async open() {
      const store = await openStore(url, { logger, now: () => clock.ms });
      handles.push(store);
      return store;
    },
    async end() {
      await Promise.all(handles.map((store) => store.close()));
      await clean();
    },
  };
}

export async function sqliteBench(): Promise<LoggedBench & { readonly file: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-store-'));
  const file = join(folder, 'data', 'sojourn.db');
  return { ...benchOn(`sqlite:${file}`, () => rm(folder, { recursive: true, force: true })), file };
}

export async function redisBench(url: string): Promise<LoggedBench> {
  const redis = new Redis(url);
  await redis.flushall();
  await redis.quit();
  return benchOn(url);
}

export async function postgresBench(url: string): Promise<LoggedBench> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SET client_min_messages = warning; DROP SCHEMA IF EXISTS sojourn CASCADE');
  await client.end();
  return benchOn(url);
}

export const sharedBench = (url: string): Promise<LoggedBench> =>
  url.startsWith('postgres') ? postgresBench(url) : redisBench(url);
