/**
 * Searches a journal, newest line first, the same for every backend. The newest lines may not be indexed yet: a search reads
 * them all, and the index for the rest. Lines never change, so a search needs no atomicity.
 */
import type { JournalLine, JournalQuery, SealedLine, Store } from '../contract.ts';
import { hourOf } from '../hours.ts';
import { pageOf } from '../page.ts';
import { readEntry } from './keys.ts';
import { blockOf, listingOf, sequencesIn } from './postings.ts';

export interface JournalReader {
  /** The number of the newest line, and of the newest indexed line; 0 if there is none. */
  extent(): Promise<{ readonly newest: number; readonly indexed: number }>;
  /** The lines with these numbers, in this order, without those that do not exist. */
  read(sequences: readonly number[]): Promise<readonly SealedLine[]>;
  /** The first and last indexed line of each hour from `low` to `high`. */
  hours(low: number, high: number): Promise<readonly (readonly [first: number, last: number])[]>;
  /** The blocks in which a list of this name has entries, from block `high` down to `low`. */
  blocks(name: string, low: number, high: number): AsyncIterable<number>;
  /** The lists of these names in a block; empty text for a list that does not exist. */
  lists(names: readonly string[], block: number): Promise<readonly string[]>;
}

/** Lines per read. */
const batchSize = 500;

export function searchIn(reader: JournalReader): Pick<Store, 'search' | 'count'> {
  return {
    async search(query) {
      const needed = query.limit + 1;
      const lines: JournalLine[] = [];
      for await (const batch of matches(reader, query)) {
        lines.push(...batch.slice(0, needed - lines.length));
        if (lines.length === needed) break;
      }
      return pageOf(lines, query.limit, ({ sequence }) => String(sequence));
    },

    async count({ key, from, max }) {
      const { indexed } = await reader.extent();
      const hour = await reader.hours(hourOf(from), hourOf(from));
      const [first] = await spanOf(reader, { from }, indexed);
      const lastOfHour = Math.min(indexed, hour[0]?.[1] ?? first - 1);
      // Indexed lines of later hours count without being read.
      const parts = [
        matches(reader, { keys: [key], from, after: indexed }),
        indexedNumbers(reader, [key], lastOfHour + 1, indexed),
        matches(reader, { keys: [key], from, before: lastOfHour + 1 }),
      ];
      let count = 0;
      for (const part of parts) {
        for await (const batch of part) {
          count += batch.length;
          if (count >= max) return max;
        }
      }
      return count;
    },
  };
}

type Range = Omit<JournalQuery, 'limit'> & { readonly after?: number };

/** Lines that match, in batches, newest first. */
async function* matches(reader: JournalReader, query: Range): AsyncGenerator<readonly JournalLine[]> {
  const { newest, indexed } = await reader.extent();
  const { keys = [], before = newest + 1, after = 0, from = -Infinity, to = Infinity } = query;
  for await (const numbers of candidates(reader, { ...query, keys, before, after }, newest, indexed)) {
    const lines: JournalLine[] = [];
    for (const { sequence, at, text } of await reader.read(numbers)) {
      if (text === undefined || at < from || at > to) continue;
      const entry = readEntry(text);
      if (keys.every((key) => entry.keys.includes(key))) lines.push({ sequence, at, value: entry.value });
    }
    if (lines.length > 0) yield lines;
  }
}

async function* candidates(
  reader: JournalReader,
  query: Range & { keys: readonly string[]; before: number; after: number },
  newest: number,
  indexed: number,
): AsyncGenerator<readonly number[]> {
  const { keys, before, after } = query;
  yield* descending(Math.min(newest, before - 1), Math.max(indexed, after) + 1);
  const [first, last] = await spanOf(reader, query, indexed);
  const low = Math.max(first, after + 1);
  // Lines that were indexed since the extent was read are among the newest above.
  const high = Math.min(last, before - 1, indexed);
  if (keys.length > 0) yield* indexedNumbers(reader, keys, low, high);
  else yield* descending(high, low);
}

function* descending(high: number, low: number): Generator<readonly number[]> {
  for (let next = high; next >= low; next -= batchSize)
    yield Array.from({ length: Math.min(batchSize, next - low + 1) }, (_, i) => next - i);
}

/** The numbers, from `high` down to `low`, of indexed lines that the lists of all keys contain. */
async function* indexedNumbers(
  reader: JournalReader,
  keys: readonly string[],
  low: number,
  high: number,
): AsyncGenerator<readonly number[]> {
  if (low > high) return;
  const listings = keys.map(listingOf);
  const names = listings.map(({ name }) => name);
  for await (const block of reader.blocks(names[0]!, blockOf(low), blockOf(high))) {
    const lists = await reader.lists(names, block);
    const [first, ...others] = lists.map((list, i) => sequencesIn(list, block, listings[i]!));
    const sets = others.map((numbers) => new Set(numbers));
    const numbers = first!.filter(
      (number) => number >= low && number <= high && sets.every((set) => set.has(number)),
    );
    for (let i = 0; i < numbers.length; i += batchSize) yield numbers.slice(i, i + batchSize);
  }
}

/** The first and last indexed line whose time may match; [1, 0] if there is none. */
async function spanOf(
  reader: JournalReader,
  { from, to }: Pick<JournalQuery, 'from' | 'to'>,
  indexed: number,
): Promise<readonly [number, number]> {
  if (from === undefined && to === undefined) return [1, indexed];
  const spans = await reader.hours(hourOf(from ?? -Infinity), hourOf(to ?? Infinity));
  if (spans.length === 0) return [1, 0];
  return [Math.min(...spans.map(([first]) => first)), Math.max(...spans.map(([, last]) => last))];
}
