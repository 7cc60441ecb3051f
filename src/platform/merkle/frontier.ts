/** The right edge of a tree: the partial tile of each level. It determines the root, and it is all that an append needs. */
import { emptyRoot, treeRoot } from './hash.ts';
import { type ReadTile, readHashes, tileWidth } from './tile.ts';

export interface Frontier {
  /** The number of leaves. */
  readonly size: number;
  /** For each level, the hashes of its partial tile, possibly none. */
  readonly levels: readonly Uint8Array[];
}

const none = new Uint8Array();

/**
 * The right edge of the tree when it had `size` leaves.
 * @throws {SojournError} `journal_damaged` if a tile is missing or too short
 */
export async function readFrontier(size: number, readTile: ReadTile): Promise<Frontier> {
  const reads: Promise<Uint8Array>[] = [];
  for (let level = 0, count = size; count > 0; level++, count = Math.floor(count / tileWidth)) {
    const width = count % tileWidth;
    const index = Math.floor(count / tileWidth);
    reads.push(width === 0 ? Promise.resolve(none) : readHashes(readTile, { level, index, width }));
  }
  return { size, levels: await Promise.all(reads) };
}

export function rootOf({ levels }: Frontier): Uint8Array {
  let root: Uint8Array = none;
  for (const hashes of levels)
    if (hashes.length > 0 || root.length > 0) root = treeRoot(Buffer.concat([hashes, root]));
  return root.length > 0 ? root : emptyRoot;
}
