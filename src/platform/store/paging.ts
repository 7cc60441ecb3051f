/** All items of a paged list, page by page as they are consumed. */
import type { Page } from './contract.ts';

/** Enough to keep the number of reads low, and small enough not to block the event loop. */
const pageSize = 200;

export async function* allItems<Item, Query extends object>(
  list: (query: Query & { readonly limit: number; readonly after?: string }) => Promise<Page<Item>>,
  query: Query,
): AsyncGenerator<Item> {
  let after: string | undefined;
  do {
    const page = await list({ ...query, limit: pageSize, ...(after === undefined ? {} : { after }) });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}
