/** The journal in Redis. An append writes the line alone; its index and its place in the Merkle tree follow. */
import { randomBytes } from 'node:crypto';
import { type Continuity, lostLines, lostWrites } from '../continuity.ts';
import type { Store } from '../contract.ts';
import { indexBatchSize, indexOf } from '../journal/index-lines.ts';
import { startIndexer } from '../journal/indexer.ts';
import { type JournalReader, searchIn } from '../journal/search.ts';
import { toCanonicalText } from '../text.ts';
import type { Connection } from './connection.ts';
import { attempt } from './failure.ts';
import { hoursKey, indexedKey, linesKey, listKey, sequenceKey } from './keys.ts';
import { linesIn, readLines } from './lines.ts';
import { pruneIn } from './prune.ts';
import { treeIn } from './tree.ts';

const none = new Uint8Array();

export function journalIn(
  redis: Connection,
  write: typeof attempt,
  continuity: Continuity,
): Pick<Store, 'append' | 'search' | 'count' | 'log'> & { stop(): Promise<void> } {
  const stop = startIndexer(() => attempt(() => indexNext(redis)));
  const { search, count } = searchIn(readerIn(redis));
  return {
    append: async ({ at, value, text: entry = toCanonicalText(value) }) =>
      write(async () => {
        const salt = randomBytes(16);
        const text = `${at}:${salt.toString('base64url')}:${entry}`;
        const { sequence: last = 0, salt: lastSalt = none } = continuity.last ?? {};
        const known = [last, Buffer.from(lastSalt).toString('base64url')];
        const sequence = Number(await redis.appendLine(sequenceKey, linesKey, text, ...known));
        if (sequence === 0) throw lostWrites(continuity, lostLines);
        if (sequence > last) continuity.last = { sequence, salt };
        return sequence;
      }),
    search: (query) => attempt(() => search(query)),
    count: (query) => attempt(() => count(query)),
    log: {
      lines: linesIn(redis),
      continues: () =>
        attempt(async () => {
          const { last } = continuity;
          if (!last) return true;
          const [line] = await readLines(redis, [last.sequence]);
          return (
            line !== undefined && (line.text === undefined || Buffer.compare(last.salt, line.salt) === 0)
          );
        }),
      ...treeIn(redis, write),
      prune: pruneIn(redis, write),
    },
    stop,
  };
}

function readerIn(redis: Connection): JournalReader {
  return {
    async extent() {
      // In this order: a line that is indexed between the two reads is read without the index.
      const indexed = Number((await redis.get(indexedKey)) ?? 0);
      return { newest: Number((await redis.get(sequenceKey)) ?? 0), indexed };
    },
    read: (sequences) => readLines(redis, sequences),
    async hours(low, high) {
      return Object.entries(await redis.hgetall(hoursKey))
        .filter(([hour]) => Number(hour) >= low && Number(hour) <= high)
        .map(([, bounds]) => bounds.split(':').map(Number) as [number, number]);
    },
    async *blocks(name, low, high) {
      const blocks = (await redis.hkeys(listKey(name))).map(Number);
      yield* blocks.filter((block) => block >= low && block <= high).sort((a, b) => b - a);
    },
    lists: (names, block) =>
      Promise.all(names.map(async (name) => (await redis.hget(listKey(name), String(block))) ?? '')),
  };
}

/** Indexes the next lines; resolves to how many. Another replica may have done so first, which changes nothing. */
async function indexNext(redis: Connection): Promise<number> {
  const indexed = Number((await redis.get(indexedKey)) ?? 0);
  const newest = Number((await redis.get(sequenceKey)) ?? 0);
  const length = Math.min(indexBatchSize, newest - indexed);
  if (length <= 0) return 0;
  const lines = await readLines(
    redis,
    Array.from({ length }, (_, i) => indexed + 1 + i),
  );
  const { postings, hours } = indexOf(lines);
  const names = [indexedKey, hoursKey, ...postings.map(({ name }) => listKey(name))];
  const added = [
    ...postings.flatMap(({ block, list }) => [block, list]),
    ...[...hours].flatMap(([hour, [first, last]]) => [hour, first, last]),
  ];
  await redis.indexLines(names.length, ...names, indexed, indexed + length, ...added);
  return length;
}
