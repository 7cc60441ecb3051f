/** A tile: up to 256 consecutive hashes of one level; a hash of level L is the root over 256^L leaves (C2SP tlog-tiles). */
import { SojournError } from '../errors/index.ts';
import { hashBytes } from './hash.ts';

export const tileWidth = 256;
export const tileBytes = tileWidth * hashBytes;

export interface Tile {
  readonly level: number;
  readonly index: number;
  /** One after another. */
  readonly hashes: Uint8Array;
}

/** The hashes of a tile, as many as the log has; undefined if it has none. */
export type ReadTile = (level: number, index: number) => Promise<Uint8Array | undefined>;

/**
 * The first `width` hashes of a tile.
 * @throws {SojournError} `journal_damaged` if the log has fewer
 */
export async function readHashes(
  readTile: ReadTile,
  { level, index, width }: { level: number; index: number; width: number },
): Promise<Uint8Array> {
  const hashes = await readTile(level, index);
  if (hashes && hashes.length >= width * hashBytes) return hashes.subarray(0, width * hashBytes);
  const actual = hashes ? `only ${Math.floor(hashes.length / hashBytes)} of ${width} hashes` : 'no hashes';
  throw new SojournError('journal_damaged', {
    detail: `The tile ${index} of level ${level} of the audit log has ${actual}.`,
  });
}
