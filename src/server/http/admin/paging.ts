/** Lists come in pages. */
import { z } from 'zod';
import type { Page } from '../../../platform/store/index.ts';

/** Digits in a query are text. */
const wholeNumber = (field: z.ZodType<number>) =>
  z.preprocess((text) => (/^\d{1,16}$/.test(String(text)) ? Number(text) : text), field);

export const limit = wholeNumber(
  z.int('must be a whole number').min(1, 'must be 1 or more').max(200, 'must be 200 at most'),
)
  .default(50)
  .describe('How many at most; 50 without it.');

export const sequence = wholeNumber(
  z.int('must be a whole number').min(1, 'must be 1 or more'),
).exactOptional();

/** Something by which lines are found: an id or a word, never longer than what is kept. */
export const shortText = z.string().max(200, 'must not be over 200 characters').exactOptional();

export const pageQuery = z.strictObject({
  limit,
  after: shortText.describe('Continue behind this id: `next` of the page before.'),
});

export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('Where the next page begins; null on the last one.'),
  });

export const mapPage = <Item, View>({ items, next }: Page<Item>, view: (item: Item) => View) => ({
  items: items.map(view),
  next: next ?? null,
});
