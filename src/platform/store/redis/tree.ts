/** The Merkle tree of the journal: its tiles and the last seal. */
import type { JournalLog } from '../contract.ts';
import type { Connection } from './connection.ts';
import { attempt } from './failure.ts';
import { sealKey, tilesKey } from './keys.ts';

export function treeIn(
  redis: Connection,
  write: typeof attempt,
): Pick<JournalLog, 'tile' | 'sealed' | 'seal'> {
  return {
    tile: (level, index) =>
      attempt(async () => (await redis.hgetBuffer(tilesKey, `${level}/${index}`)) ?? undefined),

    sealed: () =>
      attempt(async () => {
        const [size, root, checkpoint, marks] = await redis.hmget(
          sealKey,
          'size',
          'root',
          'checkpoint',
          'marks',
        );
        return size && root && checkpoint && marks
          ? { size: Number(size), root: Buffer.from(root, 'base64'), checkpoint, marks }
          : undefined;
      }),

    seal: (previous, { size, root, checkpoint, marks }, tiles) =>
      write(async () => {
        const seal = [previous, size, Buffer.from(root).toString('base64'), checkpoint, marks];
        const added = tiles.flatMap(({ level, index, hashes }) => [`${level}/${index}`, Buffer.from(hashes)]);
        return (await redis.sealJournal(sealKey, tilesKey, ...seal, ...added)) === 1;
      }),
  };
}
