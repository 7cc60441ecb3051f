/** Appends leaves to a tree. */
import type { Frontier } from './frontier.ts';
import { hashBytes, treeRoot } from './hash.ts';
import { type Tile, tileBytes, tileWidth } from './tile.ts';

/**
 * @param leafHashes one after another
 * @returns the new right edge, and every tile that is new or wider than before
 */
export function appendLeaves(
  { size, levels }: Frontier,
  leafHashes: Uint8Array,
): { readonly frontier: Frontier; readonly tiles: readonly Tile[] } {
  const tiles: Tile[] = [];
  const newLevels: Uint8Array[] = [];
  let added = leafHashes;
  for (let level = 0, count = size; added.length > 0 || level < levels.length; level++) {
    const hashes = Buffer.concat([levels[level] ?? new Uint8Array(), added]);
    const first = Math.floor(count / tileWidth);
    const full: Uint8Array[] = [];
    let partial = hashes.subarray(0, 0);
    for (let start = 0; start < hashes.length; start += tileBytes) {
      const tile = hashes.subarray(start, start + tileBytes);
      if (added.length > 0) tiles.push({ level, index: first + start / tileBytes, hashes: tile });
      if (tile.length === tileBytes) full.push(treeRoot(tile));
      else partial = tile;
    }
    newLevels.push(partial);
    added = Buffer.concat(full);
    count = first;
  }
  return { frontier: { size: size + leafHashes.length / hashBytes, levels: newLevels }, tiles };
}
