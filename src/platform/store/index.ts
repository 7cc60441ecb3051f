/**
 * The store of all state. Owns: the store contract with its atomic operations, and the SQLite, PostgreSQL and Redis backends.
 * Does not own: the content of documents, which each module defines. Only compose opens a store.
 */
import { SojournError } from '../errors/index.ts';
import type { Store, StoreDependencies } from './contract.ts';
import type { JournalView } from './journal/view.ts';
import { isPostgres } from './postgres/address.ts';
import { openSqlite } from './sqlite/index.ts';
import { viewSqlite } from './sqlite/view.ts';

export { withStoreBudget } from './budget.ts';
export { type Continuity, lostWrites } from './continuity.ts';
export type * from './contract.ts';
export { countedTypes } from './contract.ts';
export { IndexCheck, type IndexFault } from './journal/check-index.ts';
export type { JournalIndex, JournalView, PostingList } from './journal/view.ts';
export { unknownPart } from './known.ts';
export { databaseFileOf, storeNameOf } from './location.ts';
export { allItems } from './paging.ts';
export {
  isEncrypted as isPostgresEncrypted,
  isPostgres,
  urlFault as postgresFault,
} from './postgres/address.ts';
export { type Records, records, unknownDocument, unlessSame } from './records.ts';
export { type Remembered, rememberReads } from './remembered.ts';
export { copySqlite, examineSqlite } from './sqlite/backup.ts';
export { toCanonicalText } from './text.ts';

/**
 * Opens `sqlite:FILE`, `postgres://…`, `redis://…` or `rediss://…` in under 5 s, and loads only the driver that it needs.
 * Rejects with `state_unusable` if the stored state cannot be used, and with `store_unavailable` if the server does not answer
 * or the file cannot be opened. Both errors name the URL without its password.
 */
export async function openStore(url: string, dependencies: StoreDependencies): Promise<Store> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), dependencies);
  if (isPostgres(url)) return (await import('./postgres/index.ts')).openPostgres(url, dependencies);
  if (isRedis(url)) return (await import('./redis/index.ts')).openRedis(url, dependencies);
  throw new SojournError('config_invalid', {
    detail: 'store: must begin with sqlite:, postgres://, redis:// or rediss://.',
  });
}

/** Opens the journal of an existing store to read it, also while servers write. Rejects as `openStore` does. */
export async function viewJournal(
  url: string,
  dependencies: Pick<StoreDependencies, 'logger' | 'now'>,
): Promise<JournalView> {
  if (url.startsWith('sqlite:')) return viewSqlite(url.slice('sqlite:'.length));
  if (isPostgres(url)) return (await import('./postgres/view.ts')).viewPostgres(url, dependencies);
  return (await import('./redis/view.ts')).viewRedis(url, dependencies);
}

const isRedis = (url: string): boolean => /^rediss?:\/\//.test(url);
