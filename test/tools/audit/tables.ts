/** The journal as someone with access to the database sees it, to change it behind the server's back. */
import { copyFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Redis } from 'ioredis';
import { postgresTables } from './tables-postgres.ts';

export interface Line {
  readonly at: number;
  readonly salt: Uint8Array;
  /** Empty if pruned. */
  readonly text: string;
}

export interface Tables {
  line(sequence: number): Promise<Line>;
  setLine(sequence: number, line: Line): Promise<void>;
  deleteLine(sequence: number): Promise<void>;
  /** The number of the newest line, from which appends continue. */
  setNewest(sequence: number): Promise<void>;
  tile(level: number, index: number): Promise<Uint8Array | undefined>;
  setTile(level: number, index: number, hashes: Uint8Array | undefined): Promise<void>;
  lists(): Promise<readonly { name: string; block: number; list: string }[]>;
  setList(name: string, block: number, list: string | undefined): Promise<void>;
  setHour(hour: number, first: number, last: number): Promise<void>;
  seal(): Promise<{ size: number; root: Uint8Array; checkpoint: string; marks: string }>;
  setSeal(seal: { size: number; root: Uint8Array; checkpoint: string; marks: string }): Promise<void>;
  /** Remembers the state, and returns a function that restores it. */
  save(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export function sqliteTables(file: string): Tables {
  let database = new DatabaseSync(file, { timeout: 4_000 });
  const run = (sql: string, ...values: (string | number | Uint8Array)[]) =>
    void database.prepare(sql).run(...values);
  const get = (sql: string, ...values: (string | number)[]) => database.prepare(sql).get(...values) ?? {};
  return {
    async line(sequence) {
      const { at, salt, value } = get('SELECT at, salt, value FROM journal WHERE sequence = ?', sequence);
      return { at: Number(at), salt: salt as Uint8Array, text: String(value) };
    },
    setLine: async (sequence, { at, salt, text }) =>
      run(
        'INSERT OR REPLACE INTO journal (sequence, at, salt, value) VALUES (?, ?, ?, ?)',
        sequence,
        at,
        salt,
        text,
      ),
    deleteLine: async (sequence) => run('DELETE FROM journal WHERE sequence = ?', sequence),
    setNewest: async (sequence) => run("UPDATE sqlite_sequence SET seq = ? WHERE name = 'journal'", sequence),
    tile: async (level, index) =>
      get('SELECT hashes FROM journal_tiles WHERE level = ? AND number = ?', level, index).hashes as
        | Uint8Array
        | undefined,
    setTile: async (level, index, hashes) =>
      hashes
        ? run('INSERT OR REPLACE INTO journal_tiles VALUES (?, ?, ?)', level, index, hashes)
        : run('DELETE FROM journal_tiles WHERE level = ? AND number = ?', level, index),
    lists: async () => database.prepare('SELECT name, block, list FROM journal_lists').all() as never,
    setList: async (name, block, list) =>
      list === undefined
        ? run('DELETE FROM journal_lists WHERE name = ? AND block = ?', name, block)
        : run('INSERT OR REPLACE INTO journal_lists VALUES (?, ?, ?)', name, block, list),
    setHour: async (hour, first, last) =>
      run('INSERT OR REPLACE INTO journal_hours VALUES (?, ?, ?)', hour, first, last),
    seal: async () => get('SELECT size, root, checkpoint, marks FROM journal_state') as never,
    setSeal: async ({ size, root, checkpoint, marks }) =>
      run(
        'UPDATE journal_state SET size = ?, root = ?, checkpoint = ?, marks = ?',
        size,
        root,
        checkpoint,
        marks,
      ),
    async save() {
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      copyFileSync(file, `${file}.saved`);
      return async () => {
        database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        database.close();
        copyFileSync(`${file}.saved`, file);
        database = new DatabaseSync(file, { timeout: 4_000 });
      };
    },
    close: async () => database.close(),
  };
}

const prefix = '{sojourn}:journal:';

export const sharedTables = async (url: string): Promise<Tables> =>
  url.startsWith('postgres') ? postgresTables(url) : redisTables(url);

function redisTables(url: string): Tables {
  const redis = new Redis(url);
  return {
    async line(sequence) {
      const [, at, salt = '', text = ''] =
        /^(\d+):(?:([\w-]{22}):)?(.*)$/s.exec((await redis.hget(`${prefix}lines`, String(sequence))) ?? '') ??
        [];
      return { at: Number(at), salt: Buffer.from(salt, 'base64url'), text };
    },
    async setLine(sequence, { at, salt, text }) {
      const kept = salt.length === 0 ? '' : `${Buffer.from(salt).toString('base64url')}:`;
      await redis.hset(`${prefix}lines`, String(sequence), `${at}:${kept}${text}`);
      if (Number(await redis.get(`${prefix}sequence`)) < sequence)
        await redis.set(`${prefix}sequence`, sequence);
    },
    deleteLine: async (sequence) => void (await redis.hdel(`${prefix}lines`, String(sequence))),
    setNewest: async (sequence) => void (await redis.set(`${prefix}sequence`, sequence)),
    tile: async (level, index) =>
      (await redis.hgetBuffer(`${prefix}tiles`, `${level}/${index}`)) ?? undefined,
    async setTile(level, index, hashes) {
      if (hashes) await redis.hset(`${prefix}tiles`, `${level}/${index}`, Buffer.from(hashes));
      else await redis.hdel(`${prefix}tiles`, `${level}/${index}`);
    },
    async lists() {
      const keys = await redis.keys(`${prefix}list:*`);
      const lists = await Promise.all(
        keys.map(async (key) =>
          Object.entries(await redis.hgetall(key)).map(([block, list]) => ({
            name: key.slice(`${prefix}list:`.length),
            block: Number(block),
            list,
          })),
        ),
      );
      return lists.flat();
    },
    async setList(name, block, list) {
      if (list === undefined) await redis.hdel(`${prefix}list:${name}`, String(block));
      else await redis.hset(`${prefix}list:${name}`, String(block), list);
    },
    setHour: async (hour, first, last) =>
      void (await redis.hset(`${prefix}hours`, String(hour), `${first}:${last}`)),
    async seal() {
      const { size, root = '', checkpoint = '', marks = '' } = await redis.hgetall(`${prefix}seal`);
      return { size: Number(size), root: Buffer.from(root, 'base64'), checkpoint, marks };
    },
    setSeal: async ({ size, root, checkpoint, marks }) =>
      void (await redis.hset(`${prefix}seal`, {
        size,
        root: Buffer.from(root).toString('base64'),
        checkpoint,
        marks,
      })),
    async save() {
      const keys = await redis.keys('*');
      const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)));
      return async () => {
        await redis.flushdb();
        await Promise.all(keys.map((key, i) => redis.restore(key, 0, dumps[i]!)));
      };
    },
    close: async () => redis.disconnect(),
  };
}
