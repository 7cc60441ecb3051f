/** Documents in Redis. A write is one Lua script; reading one document is one command. */
import type { Now } from '../../time/index.ts';
import {
  countedTypes,
  type DocumentStore,
  type RecordType,
  type Store,
  type Stored,
  type Totals,
} from '../contract.ts';
import { pageOf } from '../page.ts';
import { sweepLagMs } from '../sweep.ts';
import { toText } from '../text.ts';
import type { Connection } from './connection.ts';
import { attempt } from './failure.ts';
import { documentKey, expiryKey, idsKey, totalsKey } from './keys.ts';

/** Documents per read; a read of 1,000 blocks the server for well under a millisecond. */
const countPageSize = 1_000;

export function documentsIn(redis: Connection, write: typeof attempt, now: Now): DocumentStore {
  return {
    get: <T>(recordType: string, id: string) =>
      attempt(async () => {
        const key = documentKey(recordType, id);
        const [version, value, expires] = await redis.hmget(key, 'version', 'value', 'expires');
        const alive = expires == null || Number(expires) > now();
        return version != null && value != null && alive ? stored<T>(id, version, value) : undefined;
      }),

    list: <T>(recordType: string, { within, after, limit }: Parameters<Store['list']>[1]) =>
      attempt(async () => {
        const from = after === undefined ? '-' : `(${after}`;
        const key = idsKey(recordType, within);
        const flat = (await redis.listDocuments(
          key,
          documentKey(recordType, ''),
          from,
          limit + 1,
          now(),
        )) as string[];
        return pageOf(toDocuments<T>(flat), limit, ({ id }) => id);
      }),

    versions: (recordType) =>
      attempt(async () => {
        const flat = (await redis.listVersions(
          idsKey(recordType),
          documentKey(recordType, ''),
          now(),
        )) as string[];
        return new Map(toVersions(flat));
      }),

    insert: (recordType, id, value, { within = '', expiresAt = '', ifUnchanged } = {}) =>
      write(async () => {
        const document = documentKey(recordType, id);
        const unchanged = ifUnchanged ? documentKey(ifUnchanged.recordType, ifUnchanged.id) : document;
        const keys = [document, idsKey(recordType), expiryKey, unchanged, totalsKey];
        const version = ifUnchanged?.version ?? '';
        const parameters = [recordType, id, toText(value), within, expiresAt, now(), sweepLagMs, version];
        return (await redis.insertDocument(...keys, ...parameters)) === 1;
      }),

    replace: (recordType, id, version, value) =>
      write(
        async () =>
          (await redis.replaceDocument(documentKey(recordType, id), version, toText(value), now())) === 1,
      ),

    remove: (recordType, id, version) =>
      write(async () => {
        const keys = [documentKey(recordType, id), idsKey(recordType), expiryKey, totalsKey];
        return (await redis.removeDocument(...keys, recordType, id, version, now())) === 1;
      }),

    totals: () =>
      attempt(async () => {
        const numbers = await redis.hgetall(totalsKey);
        const total = (type: string, write: string) => Number(numbers[`${type}:${write}`] ?? 0);
        return Object.fromEntries(
          countedTypes.map((type) => [
            type,
            { inserted: total(type, 'inserted'), removed: total(type, 'removed') },
          ]),
        ) as Totals;
      }),

    countDocuments: (recordType) => countDocuments(redis, recordType),

    async acceptMissing() {
      for (const type of countedTypes) {
        const count = await countDocuments(redis, type);
        await write(async () => {
          const inserted = Number(await redis.hget(totalsKey, `${type}:inserted`));
          await redis.hset(totalsKey, `${type}:removed`, inserted - count);
        });
      }
    },
  };
}

async function countDocuments(redis: Connection, recordType: RecordType): Promise<number> {
  let count = 0;
  let from = '-';
  for (;;) {
    const ids = await attempt(() =>
      redis.zrangebylex(idsKey(recordType), from, '+', 'LIMIT', 0, countPageSize),
    );
    if (ids.length === 0) return count;
    count += await attempt(() => redis.exists(...ids.map((id) => documentKey(recordType, id))));
    from = `(${ids.at(-1)}`;
  }
}

function toDocuments<T>(flat: readonly string[]): Stored<T>[] {
  const documents: Stored<T>[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    const [id = '', version = '', value = ''] = flat.slice(i, i + 3);
    documents.push(stored<T>(id, version, value));
  }
  return documents;
}

function toVersions(flat: readonly string[]): [string, number][] {
  const versions: [string, number][] = [];
  for (let i = 0; i < flat.length; i += 2) versions.push([flat[i]!, Number(flat[i + 1])]);
  return versions;
}

const stored = <T>(id: string, version: string, value: string): Stored<T> => ({
  id,
  version: Number(version),
  value: JSON.parse(value) as T,
});
