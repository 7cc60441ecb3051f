/** The documents in Redis. A change is one script; reading one document is one command. */
import type { Now } from '../../time/index.ts';
import type { Store, Stored } from '../contract.ts';
import { pageOf } from '../page.ts';
import { sweepLagMs } from '../sweep.ts';
import { toText } from '../text.ts';
import type { Connection } from './connection.ts';
import { attempt } from './failure.ts';
import { documentKey, expiryKey, idsKey } from './keys.ts';

export function documentsIn(
  redis: Connection,
  now: Now,
): Pick<Store, 'get' | 'list' | 'versions' | 'insert' | 'replace' | 'remove'> {
  return {
    get: <T>(kind: string, id: string) =>
      attempt(async () => {
        const key = documentKey(kind, id);
        const [version, value, expires] = await redis.hmget(key, 'version', 'value', 'expires');
        const alive = expires == null || Number(expires) > now();
        return version != null && value != null && alive ? stored<T>(id, version, value) : undefined;
      }),

    list: <T>(kind: string, { within, after, limit }: Parameters<Store['list']>[1]) =>
      attempt(async () => {
        const from = after === undefined ? '-' : `(${after}`;
        const key = idsKey(kind, within);
        const flat = (await redis.listDocuments(
          key,
          documentKey(kind, ''),
          from,
          limit + 1,
          now(),
        )) as string[];
        return pageOf(threes<T>(flat), limit, ({ id }) => id);
      }),

    versions: (kind) =>
      attempt(async () => {
        const flat = (await redis.listVersions(idsKey(kind), documentKey(kind, ''), now())) as string[];
        return new Map(pairs(flat));
      }),

    insert: (kind, id, value, { within = '', expiresAt = '' } = {}) =>
      attempt(async () => {
        const keys = [documentKey(kind, id), idsKey(kind), expiryKey];
        const facts = [kind, id, toText(value), within, expiresAt, now(), sweepLagMs];
        return (await redis.insertDocument(...keys, ...facts)) === 1;
      }),

    replace: (kind, id, version, value) =>
      attempt(
        async () => (await redis.replaceDocument(documentKey(kind, id), version, toText(value), now())) === 1,
      ),

    remove: (kind, id, version) =>
      attempt(async () => {
        const keys = [documentKey(kind, id), idsKey(kind), expiryKey];
        return (await redis.removeDocument(...keys, kind, id, version, now())) === 1;
      }),
  };
}

function threes<T>(flat: readonly string[]): Stored<T>[] {
  const documents: Stored<T>[] = [];
  for (let i = 0; i < flat.length; i += 3) {
    const [id = '', version = '', value = ''] = flat.slice(i, i + 3);
    documents.push(stored<T>(id, version, value));
  }
  return documents;
}

function pairs(flat: readonly string[]): [string, number][] {
  const found: [string, number][] = [];
  for (let i = 0; i < flat.length; i += 2) found.push([flat[i]!, Number(flat[i + 1])]);
  return found;
}

const stored = <T>(id: string, version: string, value: string): Stored<T> => ({
  id,
  version: Number(version),
  value: JSON.parse(value) as T,
});
