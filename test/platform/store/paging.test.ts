import { describe, expect, test } from '@jest/globals';
import { allItems, type ListQuery, type Page } from '../../../src/platform/store/index.ts';

/** A list of `count` items, of which each id is its number; `queries` has the reads. */
function listOf(count: number) {
  const queries: ListQuery[] = [];
  const list = async (query: ListQuery): Promise<Page<number>> => {
    queries.push(query);
    const start = query.after === undefined ? 0 : Number(query.after) + 1;
    const items = Array.from({ length: count }, (_, id) => id).slice(start, start + query.limit);
    const last = start + items.length - 1;
    return { items, ...(last < count - 1 ? { next: String(last) } : {}) };
  };
  return { list, queries };
}

async function collect<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

describe('the items of a paged list', () => {
  test('all items of a paged list come in order, from as many pages as it has', async () => {
    const { list, queries } = listOf(5);
    expect(await collect(allItems(list, { within: 'ten_1' }, 2))).toEqual([0, 1, 2, 3, 4]);
    expect(queries).toEqual([
      { within: 'ten_1', limit: 2 },
      { within: 'ten_1', limit: 2, after: '1' },
      { within: 'ten_1', limit: 2, after: '3' },
    ]);
  });

  test('an empty list is read once, with 200 items a page', async () => {
    const { list, queries } = listOf(0);
    expect(await collect(allItems(list))).toEqual([]);
    expect(queries).toEqual([{ limit: 200 }]);
  });

  test('the items of a paged list begin after the given id', async () => {
    const { list } = listOf(5);
    expect(await collect(allItems(list, { after: '1' }, 2))).toEqual([2, 3, 4]);
  });

  test('no further page of a list is read when the consumer stops', async () => {
    const { list, queries } = listOf(5);
    for await (const item of allItems(list, {}, 2)) if (item === 1) break;
    expect(queries).toHaveLength(1);
  });

  test('a page without items is followed by the next one', async () => {
    const pages: Page<string>[] = [{ items: ['a'], next: '1' }, { items: [], next: '2' }, { items: ['b'] }];
    const list = async () => pages.shift() ?? { items: [] };
    expect(await collect(allItems(list))).toEqual(['a', 'b']);
  });

  test('the consumer of a paged list gets the error of a page after the items before it', async () => {
    const { list } = listOf(5);
    const items: number[] = [];
    const failing = async (query: ListQuery) => {
      if (query.after === '3') throw new Error('the store does not answer');
      return list(query);
    };
    const consume = async () => {
      for await (const item of allItems(failing, {}, 2)) items.push(item);
    };
    await expect(consume()).rejects.toThrow('the store does not answer');
    expect(items).toEqual([0, 1, 2, 3]);
  });
});
