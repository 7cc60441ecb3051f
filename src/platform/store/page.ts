/** Pages are read one item longer than asked for: the item too many says that there is a next page. */
import type { Page } from './contract.ts';

export function pageOf<T>(found: readonly T[], limit: number, cursor: (last: T) => string): Page<T> {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > limit && last !== undefined ? { items, next: cursor(last) } : { items };
}
