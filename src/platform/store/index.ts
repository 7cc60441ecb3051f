/**
 * The store of all state. Owns: the store contract with its atomic operations, and the SQLite and Redis backends.
 * Does not own: the content of documents, which each module defines. Only compose opens a store.
 */
import { SojournError } from '../errors/index.ts';
import type { Store, StoreDependencies } from './contract.ts';
import type { JournalView } from './journal/view.ts';
import { openRedis } from './redis/index.ts';
import { viewRedis } from './redis/view.ts';
import { openSqlite } from './sqlite/index.ts';
import { viewSqlite } from './sqlite/view.ts';

export { withStoreBudget } from './budget.ts';
export { type Continuity, lostWrites } from './continuity.ts';
export type * from './contract.ts';
export { countedTypes } from './contract.ts';
export { IndexCheck, type IndexFault } from './journal/check-index.ts';
export type { JournalIndex, JournalView, PostingList } from './journal/view.ts';
export { allItems } from './paging.ts';
export { type Records, records, unlessSame } from './records.ts';
export { copySqlite, examineSqlite } from './sqlite/backup.ts';
export { toCanonicalText } from './text.ts';

/**
 * Opens `sqlite:FILE`, `redis://…` or `rediss://…` in under 5 s. Rejects with `state_unusable` if the stored state cannot
 * be used, and with `store_unavailable` if the server does not answer or the file cannot be opened. Both errors name the
 * URL without its password.
 */
export async function openStore(url: string, dependencies: StoreDependencies): Promise<Store> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), dependencies);
  if (/^rediss?:\/\//.test(url)) return openRedis(url, dependencies);
  throw new SojournError('config_invalid', {
    detail: 'store: must begin with sqlite:, redis:// or rediss://.',
  });
}

/** Opens the journal of an existing store to read it, also while servers write. Rejects as `openStore` does. */
export async function viewJournal(
  url: string,
  dependencies: Pick<StoreDependencies, 'logger' | 'now'>,
): Promise<JournalView> {
  return url.startsWith('sqlite:') ? viewSqlite(url.slice('sqlite:'.length)) : viewRedis(url, dependencies);
}
