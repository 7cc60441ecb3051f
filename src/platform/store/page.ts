/** Builds a page from up to `limit + 1` items: the extra item shows that there is a next page. */
import type { Page } from './contract.ts';

export function pageOf<T>(items: readonly T[], limit: number, cursor: (last: T) => string): Page<T> {
  const page = items.slice(0, limit);
  const last = page.at(-1);
  return items.length > limit && last !== undefined ? { items, next: cursor(last) } : { items };
}
