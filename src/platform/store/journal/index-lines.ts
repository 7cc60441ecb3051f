/** What a batch of lines adds to the index. */

import type { SealedLine } from '../contract.ts';
import { hourOf } from '../hours.ts';
import { readEntry } from './keys.ts';
import { blockOf, listingOf, postingOf } from './postings.ts';

/** Indexing a batch blocks the event loop for a few milliseconds. */
export const indexBatchSize = 512;

export interface IndexAddition {
  /** To append to the list of a name and block. */
  readonly postings: readonly { readonly name: string; readonly block: number; readonly list: string }[];
  /** By hour, the first and the last line of the batch. */
  readonly hours: ReadonlyMap<number, readonly [first: number, last: number]>;
}

/** @param lines in ascending order */
export function indexOf(lines: readonly SealedLine[]): IndexAddition {
  const lists = new Map<string, { name: string; block: number; list: string }>();
  const hours = new Map<number, [number, number]>();
  for (const { sequence, at, text } of lines) {
    const span = hours.get(hourOf(at));
    if (span) span[1] = sequence;
    else hours.set(hourOf(at), [sequence, sequence]);
    if (text === undefined) continue;
    const block = blockOf(sequence);
    for (const key of readEntry(text).keys) {
      const listing = listingOf(key);
      const id = `${block}:${listing.name}`;
      const posting = postingOf(listing, sequence);
      const list = lists.get(id);
      if (list) list.list += posting;
      else lists.set(id, { name: listing.name, block, list: posting });
    }
  }
  return { postings: [...lists.values()], hours };
}
