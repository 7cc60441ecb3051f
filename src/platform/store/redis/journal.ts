/**
 * The journal in Redis. Lines never change, so a search needs no atomicity: it reads in batches, newest first, and never
 * blocks the server.
 */
import type { JournalLine, JournalQuery, Store } from '../contract.ts';
import { hourOf } from '../hours.ts';
import { pageOf } from '../page.ts';
import { toText } from '../text.ts';
import type { Connection } from './connection.ts';
import { attempt } from './failure.ts';
import { hoursKey, linesKey, sequenceKey, wordKey } from './keys.ts';

/** Sequence numbers read per batch. */
const batchSize = 500;

export function journalIn(redis: Connection): Pick<Store, 'append' | 'search' | 'count'> {
  return {
    append: ({ at, keys, value }) =>
      attempt(async () => {
        const names = [sequenceKey, linesKey, hoursKey, ...new Set(keys.map(wordKey))];
        return Number(await redis.appendLine(names.length, ...names, at, hourOf(at), toText(value)));
      }),

    search: (query) =>
      attempt(async () => {
        const needed = query.limit + 1;
        const lines: JournalLine[] = [];
        for await (const sequences of batches(redis, query)) {
          if (sequences.length > 0) lines.push(...(await read(redis, sequences, query)));
          if (lines.length >= needed) break;
        }
        return pageOf(lines.slice(0, needed), query.limit, ({ sequence }) => String(sequence));
      }),

    count: ({ key, from, max }) =>
      attempt(async () => {
        const [first, newest] = await span(redis, { from, limit: max });
        if (first > newest) return 0;
        const [, last = String(first - 1)] =
          (await redis.hget(hoursKey, String(hourOf(from))))?.split(':') ?? [];
        let count = await redis.zcount(wordKey(key), Number(last) + 1, '+inf');
        const inHour: JournalQuery = { keys: [key], from, before: Number(last) + 1, limit: max };
        for await (const sequences of batches(redis, inHour)) {
          if (count >= max) break;
          if (sequences.length > 0) count += (await read(redis, sequences, inHour)).length;
        }
        return Math.min(count, max);
      }),
  };
}

/** Sequence numbers, descending, of the lines that have all keys and whose time may match. */
async function* batches(redis: Connection, query: JournalQuery): AsyncGenerator<readonly number[]> {
  const [first, last] = await span(redis, query);
  const [walked, ...others] = await rarestFirst(redis, (query.keys ?? []).map(wordKey));
  let next = Math.min(last, (query.before ?? last + 1) - 1);
  while (next >= first) {
    const walk =
      walked === undefined
        ? Array.from({ length: Math.min(batchSize, next - first + 1) }, (_, i) => next - i)
        : (await redis.zrevrangebyscore(walked, next, first, 'LIMIT', 0, batchSize)).map(Number);
    if (walk.length === 0) return;
    next = walk.at(-1)! - 1;
    let matching = walk;
    for (const word of others) {
      if (matching.length === 0) break;
      const scores = await redis.zmscore(word, ...matching.map(String));
      matching = matching.filter((_, i) => scores[i] != null);
    }
    yield matching;
  }
}

async function read(
  redis: Connection,
  sequences: readonly number[],
  { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY }: JournalQuery,
): Promise<JournalLine[]> {
  const texts = await redis.hmget(linesKey, ...sequences.map(String));
  return sequences.flatMap((sequence, i) => {
    const text = texts[i];
    // The server can lose a line but keep its number, for example in a failover.
    if (text == null) return [];
    const colon = text.indexOf(':');
    const at = Number(text.slice(0, colon));
    return at >= from && at <= to
      ? [{ sequence, at, value: JSON.parse(text.slice(colon + 1)) as unknown }]
      : [];
  });
}

/** The first and last sequence number whose time may match; [1, 0] if there is none. */
async function span(redis: Connection, { from, to }: JournalQuery): Promise<readonly [number, number]> {
  if (from === undefined && to === undefined) return [1, Number((await redis.get(sequenceKey)) ?? 0)];
  const [low, high] = [hourOf(from ?? Number.NEGATIVE_INFINITY), hourOf(to ?? Number.POSITIVE_INFINITY)];
  const spans = Object.entries(await redis.hgetall(hoursKey))
    .filter(([hour]) => Number(hour) >= low && Number(hour) <= high)
    .map(([, bounds]) => bounds.split(':').map(Number));
  if (spans.length === 0) return [1, 0];
  return [Math.min(...spans.map(([first]) => first!)), Math.max(...spans.map(([, last]) => last!))];
}

async function rarestFirst(redis: Connection, words: readonly string[]): Promise<readonly string[]> {
  if (words.length < 2) return words;
  const counted = await Promise.all(words.map(async (word) => ({ word, count: await redis.zcard(word) })));
  return counted.sort((a, b) => a.count - b.count).map(({ word }) => word);
}
