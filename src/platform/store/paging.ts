/** All items of a paged list, page by page as they are consumed. */
import type { ListQuery, Page } from './contract.ts';

/** Enough to keep the number of reads low, and small enough not to block the event loop. */
const defaultPageSize = 200;

/** Starts after the id in `query.after`, if there is one. A page is read when all items of the previous one are consumed. */
export async function* allItems<Item>(
  list: (query: ListQuery) => Promise<Page<Item>>,
  query: Omit<ListQuery, 'limit'> = {},
  pageSize = defaultPageSize,
): AsyncGenerator<Item> {
  let { after } = query;
  do {
    const page = await list({ ...query, ...(after === undefined ? {} : { after }), limit: pageSize });
    yield* page.items;
    after = page.next;
  } while (after !== undefined);
}
