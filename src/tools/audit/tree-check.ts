/** Checks the stored hashes from the root of the checkpoint down: which tiles are those of the signed tree. */
import { hashBytes, type ReadTile, readFrontier, rootOf, tileWidth } from '../../platform/merkle/index.ts';

export interface TreeCheck {
  /** Whether every tile is. */
  readonly isIntact: boolean;
  /** Whether the tile `index` of level 0 is. */
  isTrusted(index: number): boolean;
  /** The first and the last line of the first tiles in a row that are not. */
  unproven(): readonly [first: number, last: number];
}

const tileBytes = tileWidth * hashBytes;

export async function checkTree(
  { size, root }: { readonly size: number; readonly root: Uint8Array },
  readTile: ReadTile,
): Promise<TreeCheck> {
  const edgeIsTrusted = await isRightEdge(size, root, readTile);
  let isIntact = edgeIsTrusted;
  let trusted = new Uint8Array();
  const counts = levelsOf(size);
  for (let level = counts.length - 1; level >= 0; level--) {
    const count = counts[level]!;
    const above = trusted;
    trusted = new Uint8Array(Math.ceil(count / tileWidth));
    let parent: { readonly index: number; readonly hashes: Uint8Array | undefined } | undefined;
    for (let index = 0; index < trusted.length; index++) {
      if ((index + 1) * tileWidth > count) trusted[index] = Number(edgeIsTrusted);
      else if (above[Math.floor(index / tileWidth)]) {
        const parentIndex = Math.floor(index / tileWidth);
        if (parent?.index !== parentIndex)
          parent = { index: parentIndex, hashes: await readTile(level + 1, parentIndex) };
        const start = (index % tileWidth) * hashBytes;
        const expected = parent.hashes?.subarray(start, start + hashBytes);
        const hashes = await readTile(level, index);
        if (hashes?.length === tileBytes && expected && rootOfTile(hashes).equals(expected))
          trusted[index] = 1;
      }
      if (!trusted[index]) isIntact = false;
    }
  }
  const leaves = trusted;
  return {
    isIntact,
    isTrusted: (index) => leaves[index] === 1,
    unproven() {
      const first = leaves.indexOf(0);
      const next = leaves.indexOf(1, first);
      return [first * tileWidth + 1, Math.min(size, (next < 0 ? leaves.length : next) * tileWidth)];
    },
  };
}

/** The number of hashes of each level. */
function levelsOf(size: number): number[] {
  const counts: number[] = [];
  for (let count = size; count > 0; count = Math.floor(count / tileWidth)) counts.push(count);
  return counts;
}

async function isRightEdge(size: number, root: Uint8Array, readTile: ReadTile): Promise<boolean> {
  try {
    return Buffer.from(rootOf(await readFrontier(size, readTile))).equals(root);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'journal_damaged') return false;
    throw error;
  }
}

/** @param hashes at least one */
export const rootOfTile = (hashes: Uint8Array): Buffer =>
  Buffer.from(rootOf({ size: hashes.length / hashBytes, levels: [hashes] }));
