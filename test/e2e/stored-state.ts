/** A server on the state of an earlier version, as `test/fixtures/stores/write.ts` wrote it. */
import { chmod, cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { startRedis } from '../support/redis.ts';
import type { TestClient } from '../support/server.ts';
import type { ServerProcess } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

const stores = join(import.meta.dirname, '../fixtures/stores');

/** The names of the fixtures, one for each change of a stored document. */
export const fixtures = async (): Promise<readonly string[]> =>
  (await readdir(stores, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

export const backends = ['sqlite', 'redis'] as const;

export interface StoredState {
  readonly client: TestClient;
  /** Ids of connections. */
  readonly plain: string;
  readonly approved: string;
  readonly restricted: string;
  /** The id of a tenant with its own keys, for which issuing is suspended. */
  readonly own: string;
  readonly running: ServerProcess;
  /** Replaces a document, as a newer version would. */
  change(type: string, id: string, change: (value: Record<string, never>) => object): Promise<void>;
}

type About = Readonly<Record<(typeof backends)[number], Omit<StoredState, 'running' | 'change'>>> & {
  readonly issuer: string;
  readonly encryption_key: string;
};

export async function startStored(fixture: string, backend: (typeof backends)[number]): Promise<StoredState> {
  const about = JSON.parse(await readFile(join(stores, fixture, 'about.json'), 'utf8')) as About;
  const folder = await newFolder();
  await cp(join(stores, fixture, backend), folder, { recursive: true });
  // Git stores no such modes.
  for (const part of ['', 'keys']) await chmod(join(folder, part), 0o700);
  for (const name of await readdir(join(folder, 'keys'))) await chmod(join(folder, 'keys', name), 0o600);
  const { store, change } =
    backend === 'sqlite'
      ? await openFile(join(folder, 'sojourn.db'))
      : await openRedis(join(folder, 'redis.json'));
  const keys = { encryption_key: 'env:KEY_OF_KEYS', publish_lead: '24h', allow_short_times: false };
  const running = await server({
    folder,
    port: await steadyPort(),
    config: { issuer: about.issuer, store, keys },
    env: { KEY_OF_KEYS: about.encryption_key },
    isNew: true,
  });
  return { ...about[backend], running, change };
}

type Opened = { readonly store: string } & Pick<StoredState, 'change'>;

async function openFile(file: string): Promise<Opened> {
  await chmod(file, 0o600);
  return {
    store: `sqlite:${file}`,
    async change(type, id, change) {
      const database = new DatabaseSync(file, { timeout: 5_000 });
      const where = 'WHERE record_type = ? AND id = ?';
      const row = database.prepare(`SELECT value FROM documents ${where}`).get(type, id);
      const value = JSON.stringify(change(JSON.parse(String(row?.value)) as Record<string, never>));
      database.prepare(`UPDATE documents SET value = ?, version = version + 1 ${where}`).run(value, type, id);
      database.close();
    },
  };
}

async function openRedis(file: string): Promise<Opened> {
  const { url, port, stop } = await startRedis();
  later(stop);
  const redis = new Redis(port, '127.0.0.1');
  later(async () => redis.disconnect());
  const entries = JSON.parse(await readFile(file, 'utf8')) as Record<string, { type: string; value: never }>;
  for (const [key, { type, value }] of Object.entries(entries)) {
    if (type === 'string') await redis.set(key, Buffer.from(value, 'base64'));
    if (type === 'hash')
      for (const [field, text] of Object.entries<string>(value))
        await redis.hset(key, field, Buffer.from(text, 'base64'));
    if (type === 'zset') {
      const members = value as string[];
      for (let i = 0; i < members.length; i += 2) await redis.zadd(key, members[i + 1]!, members[i]!);
    }
  }
  return {
    store: url,
    async change(type, id, change) {
      const key = `{sojourn}:document:${type}:${id}`;
      const value = JSON.parse((await redis.hget(key, 'value')) ?? '') as Record<string, never>;
      await redis.hset(key, 'value', JSON.stringify(change(value)));
      await redis.hincrby(key, 'version', 1);
    },
  };
}
