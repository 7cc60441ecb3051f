/** Reads paged lists of the admin API. */
import { itemsOf } from './admin.ts';
import type { Json } from './print.ts';

/** Requests one page of a list. */
export type FetchPage = (query: {
  readonly limit: string;
  readonly after: string | undefined;
}) => Promise<Json>;

/** The most that the admin API allows. */
const limit = '200';

/** The pages of a list. Each is requested when the consumer has finished with the previous one. */
export async function* allPages(fetchPage: FetchPage): AsyncGenerator<Json> {
  for (let after: string | undefined; ; ) {
    const page = await fetchPage({ limit, after });
    yield page;
    if (typeof page.next !== 'string') return;
    after = page.next;
  }
}

/** The items of all pages. */
export async function fetchAll(fetchPage: FetchPage): Promise<readonly Json[]> {
  const items: Json[] = [];
  for await (const page of allPages(fetchPage)) items.push(...itemsOf(page));
  return items;
}
