/** Removes the texts of lines, and what the index says about them. */
import { SojournError } from '../../errors/index.ts';
import type { JournalLog } from '../contract.ts';
import { indexOf } from '../journal/index-lines.ts';
import { withoutPostings } from '../journal/postings.ts';
import type { Connection } from './connection.ts';
import type { attempt } from './failure.ts';
import { indexedKey, linesKey, listKey, sealKey } from './keys.ts';
import { readLines } from './lines.ts';

/** Another process can change a list between reading and writing it, but rarely one of old lines. */
const attempts = 10;

export const pruneIn =
  (redis: Connection, write: typeof attempt): JournalLog['prune'] =>
  (sequences) =>
    write(async () => {
      for (let i = 0; i < attempts; i++) {
        const outcome = await pruneOnce(redis, sequences);
        if (outcome !== 'changed') return outcome === 'pruned';
      }
      throw new SojournError('store_unavailable', {
        detail: 'Other processes keep changing the index of the lines.',
        retryAfter: 5,
      });
    });

async function pruneOnce(
  redis: Connection,
  sequences: readonly number[],
): Promise<'pruned' | 'changed' | 'unsealed'> {
  const lines = await readLines(redis, sequences);
  const { postings } = indexOf(lines);
  const lists = await Promise.all(
    postings.map(async ({ name, block, list: removed }) => {
      const list = (await redis.hget(listKey(name), String(block))) ?? '';
      return [block, list, withoutPostings(name, list, removed)];
    }),
  );
  const keys = [linesKey, indexedKey, sealKey, ...postings.map(({ name }) => listKey(name))];
  const outcome = await redis.pruneLines(
    ...[keys.length, ...keys, lines.length, Math.max(0, ...sequences)],
    ...lines.flatMap(({ sequence, at }) => [sequence, `${at}:`]),
    ...lists.flat(),
  );
  return outcome === 1 ? 'pruned' : outcome === 0 ? 'unsealed' : 'changed';
}
