/** Ranges of leaves that are subtrees, and how tiles give their hashes. */
import { hashBytes, nodeHash, treeRoot } from './hash.ts';
import { type ReadTile, readHashes, tileWidth } from './tile.ts';

/** The leaves from `start` to before `end`. The range is a subtree of some tree of the log. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where a tree is split: the largest power of two smaller than its size (RFC 6962 section 2.1). */
export function splitOf({ start, end }: Range): number {
  let left = 1;
  while (left * 2 < end - start) left *= 2;
  return start + left;
}

/** Consecutive hashes of one tile, over which a tree with a power of two of leaves has its root. */
interface Slice {
  readonly level: number;
  readonly index: number;
  readonly from: number;
  readonly to: number;
}

/** The hashes of ranges; reads every tile that they need at once, and each once. */
export async function readRanges(
  ranges: readonly Range[],
  readTile: ReadTile,
): Promise<readonly Uint8Array[]> {
  const slices = ranges.map(slicesOf);
  const widths = new Map<string, { level: number; index: number; width: number }>();
  for (const { level, index, to } of slices.flat()) {
    const width = Math.max(to, widths.get(`${level}/${index}`)?.width ?? 0);
    widths.set(`${level}/${index}`, { level, index, width });
  }
  const tiles = new Map(
    await Promise.all(
      [...widths].map(async ([key, tile]) => [key, await readHashes(readTile, tile)] as const),
    ),
  );
  return slices.map((parts) =>
    parts
      .map(({ level, index, from, to }) =>
        treeRoot(tiles.get(`${level}/${index}`)!.subarray(from * hashBytes, to * hashBytes)),
      )
      .reduceRight((right, left) => nodeHash(left, right)),
  );
}

/** The largest complete trees in the range, from the left. */
function slicesOf(range: Range): readonly Slice[] {
  const slices: Slice[] = [];
  for (let { start } = range; start < range.end; ) {
    let leaves = 1;
    while (leaves * 2 <= range.end - start) leaves *= 2;
    slices.push(sliceOf(start, leaves));
    start += leaves;
  }
  return slices;
}

function sliceOf(start: number, leaves: number): Slice {
  let level = 0;
  let perHash = 1;
  while (perHash * tileWidth <= leaves) {
    perHash *= tileWidth;
    level++;
  }
  const first = start / perHash;
  const index = Math.floor(first / tileWidth);
  const from = first % tileWidth;
  return { level, index, from, to: from + leaves / perHash };
}
