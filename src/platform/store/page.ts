/** Builds a page from up to `limit + 1` rows: the extra row shows that there is a next page. */
import type { Page } from './contract.ts';

export function pageOf<T>(rows: readonly T[], limit: number, cursor: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return rows.length > limit && last !== undefined ? { items, next: cursor(last) } : { items };
}
