/** The Merkle tree of the journal: its tiles and the last seal. */
import type { JournalLog, Seal } from '../contract.ts';
import { type Database, prepared } from './database.ts';
import { attempt } from './failure.ts';

const tile = prepared('SELECT hashes FROM sojourn.journal_tiles WHERE level = $1 AND number = $2');
const sealed = prepared('SELECT size, root, checkpoint, marks FROM sojourn.journal_state WHERE size > 0');
/** Compare-and-swap on the sealed size. */
const seal = prepared(`WITH sealed AS (
    UPDATE sojourn.journal_state SET size = $2, root = $3, checkpoint = $4, marks = $5 WHERE size = $1 RETURNING 1
  ), added AS (
    INSERT INTO sojourn.journal_tiles (level, number, hashes)
    SELECT level, number, hashes
    FROM unnest($6::integer[], $7::bigint[], $8::bytea[]) AS tiles (level, number, hashes), sealed
    ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes
  )
  SELECT FROM sealed`);

export function treeIn(
  { query }: Pick<Database, 'query'>,
  write: typeof attempt,
): Pick<JournalLog, 'tile' | 'sealed' | 'seal'> {
  return {
    tile: (level, index) =>
      attempt(async () => (await query(tile, level, index))[0]?.hashes as Uint8Array | undefined),

    sealed: () => attempt(async () => (await query(sealed))[0] as unknown as Seal | undefined),

    seal: (previous, { size, root, checkpoint, marks }, tiles) =>
      write(async () => {
        const rows = await query(
          seal,
          ...[previous, size, root, checkpoint, marks],
          tiles.map(({ level }) => level),
          tiles.map(({ index }) => index),
          tiles.map(({ hashes }) => hashes),
        );
        return rows.length === 1;
      }),
  };
}
