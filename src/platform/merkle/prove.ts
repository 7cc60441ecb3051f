/** Proofs from tiles (RFC 6962 sections 2.1.1 and 2.1.2). */
import { type Range, readRanges, splitOf } from './range.ts';
import type { ReadTile } from './tile.ts';

/**
 * That the leaf `index` is in the tree of the first `size` leaves.
 * @throws {SojournError} `journal_damaged` if the log does not have the tiles
 */
export function inclusionProof(
  { index, size }: { readonly index: number; readonly size: number },
  readTile: ReadTile,
): Promise<readonly Uint8Array[]> {
  if (!(index >= 0 && index < size)) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const path: Range[] = [];
  let { start, end } = { start: 0, end: size };
  while (end - start > 1) {
    const middle = splitOf({ start, end });
    if (index < middle) {
      path.unshift({ start: middle, end });
      end = middle;
    } else {
      path.unshift({ start, end: middle });
      start = middle;
    }
  }
  return readRanges(path, readTile);
}

/**
 * That the tree of the first `to` leaves begins with the tree of the first `from`. Empty if `from` is `to` or 0.
 * @throws {SojournError} `journal_damaged` if the log does not have the tiles
 */
export function consistencyProof(
  { from, to }: { readonly from: number; readonly to: number },
  readTile: ReadTile,
): Promise<readonly Uint8Array[]> {
  if (!(from >= 0 && from <= to)) throw new RangeError(`a tree of ${to} does not contain one of ${from}`);
  const path: Range[] = [];
  let { start, end } = { start: 0, end: from === 0 ? 0 : to };
  while (from < end) {
    const middle = splitOf({ start, end });
    if (from <= middle) {
      path.unshift({ start: middle, end });
      end = middle;
    } else {
      path.unshift({ start, end: middle });
      start = middle;
    }
  }
  // The verifier knows the root of the old tree, unless it is not a subtree of the new one.
  if (start > 0) path.unshift({ start, end });
  return readRanges(path, readTile);
}
