/** Reads lines. */
import type { JournalLog, SealedLine } from '../contract.ts';
import type { Connection } from './connection.ts';
import { attempt } from './failure.ts';
import { linesKey, sequenceKey } from './keys.ts';

export const linesIn =
  (redis: Connection): JournalLog['lines'] =>
  (after, limit) =>
    attempt(async () => {
      const newest = Number((await redis.get(sequenceKey)) ?? 0);
      const length = Math.max(0, Math.min(limit, newest - after));
      return readLines(
        redis,
        Array.from({ length }, (_, i) => after + 1 + i),
      );
    });

/** AT:SALT:JSON, or AT:JSON of a line from before salts, or AT: of a pruned one. */
const format = /^(\d+):(?:([\w-]{22}):)?/;

export async function readLines(redis: Connection, sequences: readonly number[]): Promise<SealedLine[]> {
  if (sequences.length === 0) return [];
  const texts = await redis.hmget(linesKey, ...sequences.map(String));
  return sequences.flatMap((sequence, i) => {
    const [head, at, salt = ''] = format.exec(texts[i] ?? '') ?? [];
    // The server can lose a line but keep its number, for example in a failover.
    if (head === undefined) return [];
    const text = texts[i]!.slice(head.length) || undefined;
    return [{ sequence, at: Number(at), salt: Buffer.from(salt, 'base64url'), text }];
  });
}
