import { describe, expect, test } from '@jest/globals';
import { allPages, type FetchPage, fetchAll } from '../../../src/tools/cli/pages.ts';

/** A list of three pages, and the ids after which they were requested. */
function threePages() {
  const requested: (string | undefined)[] = [];
  const fetchPage: FetchPage = async ({ limit, after }) => {
    expect(limit).toBe('200');
    requested.push(after);
    if (after === undefined) return { items: [{ id: 'a' }, { id: 'b' }], next: 'b' };
    return after === 'b' ? { items: [], next: 'c' } : { items: [{ id: 'd' }], next: null };
  };
  return { requested, fetchPage };
}

describe('the pages of a list', () => {
  test('the command line reads the items of all pages in order', async () => {
    const { requested, fetchPage } = threePages();
    expect(await fetchAll(fetchPage)).toEqual([{ id: 'a' }, { id: 'b' }, { id: 'd' }]);
    expect(requested).toEqual([undefined, 'b', 'c']);
  });

  test('the command line requests no further page when it stops reading', async () => {
    const { requested, fetchPage } = threePages();
    for await (const _ of allPages(fetchPage)) break;
    expect(requested).toEqual([undefined]);
  });
});
