/**
 * Where the state lives. Owns: one small contract with atomic steps, and its two backends. Does not own: what the
 * documents mean; every room brings its own. Called by every room that keeps something; opened by compose alone.
 */
import { SojournError } from '../errors/index.ts';
import type { Store, Surroundings } from './contract.ts';
import { openRedis } from './redis/index.ts';
import { openSqlite } from './sqlite/index.ts';

export type * from './contract.ts';
export { type Records, records } from './records.ts';
export { copySqlite, examineSqlite } from './sqlite/backup.ts';

/**
 * Opens `sqlite:FILE`, `redis://…` or `rediss://…`, in under 5 s. Rejects with `state_unusable` when what is kept there
 * cannot be used, with `store_unavailable` when nobody answers or the file cannot be opened; both name the place, never
 * its password.
 */
export async function openStore(url: string, surroundings: Surroundings): Promise<Store> {
  if (url.startsWith('sqlite:')) return openSqlite(url.slice('sqlite:'.length), surroundings.now);
  if (/^rediss?:\/\//.test(url)) return openRedis(url, surroundings);
  throw new SojournError('config_invalid', {
    detail: 'store: must begin with sqlite:, redis:// or rediss://.',
  });
}
