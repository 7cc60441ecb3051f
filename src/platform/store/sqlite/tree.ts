/** The Merkle tree of the journal: its tiles and the last seal. */
import type { DatabaseSync } from 'node:sqlite';
import type { JournalLog, Seal, Tile } from '../contract.ts';
import type { GroupCommit } from './group-commit.ts';
import { retryWhileLocked } from './retry.ts';

export function treeIn(
  database: DatabaseSync,
  { commit }: GroupCommit,
): Pick<JournalLog, 'tile' | 'sealed' | 'seal'> {
  const tile = database.prepare('SELECT hashes FROM journal_tiles WHERE level = ? AND number = ?');
  const putTile = database.prepare(
    'INSERT INTO journal_tiles (level, number, hashes) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET hashes = excluded.hashes',
  );
  const sealed = database.prepare('SELECT size, root, checkpoint, marks FROM journal_state WHERE size > 0');
  const seal = database.prepare(
    'UPDATE journal_state SET size = ?, root = ?, checkpoint = ?, marks = ? WHERE size = ?',
  );
  return {
    tile: retryWhileLocked(
      (level: number, index: number) => tile.get(level, index)?.hashes as Uint8Array | undefined,
    ),
    sealed: retryWhileLocked(() => sealed.get() as unknown as Seal | undefined),
    seal: (previous: number, { size, root, checkpoint, marks }: Seal, tiles: readonly Tile[]) =>
      commit(() => {
        if (seal.run(size, root, checkpoint, marks, previous).changes === 0) return false;
        for (const { level, index, hashes } of tiles) putTile.run(level, index, hashes);
        return true;
      }),
  };
}
