/** Paged lists: query parameters and the form of a page. */
import { z } from 'zod';
import type { Page } from '../../../platform/store/index.ts';

/** Query parameters are strings, so digits are converted first. */
const wholeNumber = (field: z.ZodType<number>) =>
  z.preprocess((text) => (/^\d{1,16}$/.test(String(text)) ? Number(text) : text), field);

export const limit = wholeNumber(
  z.int('must be a whole number').min(1, 'must be 1 or more').max(200, 'must be at most 200'),
)
  .default(50)
  .describe('Maximum number of items; 50 by default.');

export const positive = wholeNumber(z.int('must be a whole number').min(1, 'must be 1 or more'));

export const sequence = positive.exactOptional();

/** A search term such as an id; no stored value is longer. */
export const shortText = z.string().max(200, 'must be at most 200 characters').exactOptional();

export const pageQuery = z.strictObject({
  limit,
  after: shortText.describe('Only items after this id: `next` of the previous page.'),
});

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Start of the next page; null on the last page.'),
  });

export const mapPage = <Item, View>({ items, next }: Page<Item>, view: (item: Item) => View) => ({
  items: items.map(view),
  next: next ?? null,
});
