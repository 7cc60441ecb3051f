/**
 * Posting lists: for each key and block of lines, where in the block the lines with this key are. A list is text, so that
 * every backend can append to it.
 */
import { hash } from 'node:crypto';

/** Lines per block: an offset in a block is 12 bits, two digits of base64. */
export const blockSize = 4_096;

export const blockOf = (sequence: number): number => Math.floor(sequence / blockSize);

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const digitValues: Readonly<Record<string, number>> = Object.fromEntries(
  [...digits].map((digit, i) => [digit, i]),
);

const offsetLength = 2;
const hashLength = 4;

/** Where a key is listed: the name of its lists, and what precedes its offsets there. */
export interface Listing {
  readonly name: string;
  readonly prefix: string;
}

/**
 * A jti occurs on a few lines only, and one list for each would be an index row per line. So they share 256 lists,
 * in which 24 bits of the hash precede each offset; a search compares the lines that it finds with the key itself.
 */
export function listingOf(key: string): Listing {
  if (!key.startsWith('jti:')) return { name: key, prefix: '' };
  const digest = hash('sha256', key, 'buffer');
  return { name: `jti#${digest.toString('hex', 0, 1)}`, prefix: digest.toString('base64', 1, 4) };
}

export function postingOf({ prefix }: Listing, sequence: number): string {
  const offset = sequence % blockSize;
  return `${prefix}${digits[offset >> 6]}${digits[offset & 63]}`;
}

/** The numbers of the lines in a list of the block, descending. */
export function sequencesIn(list: string, block: number, { prefix }: Listing): number[] {
  const width = prefix === '' ? offsetLength : hashLength + offsetLength;
  const sequences: number[] = [];
  for (let end = list.length; end >= width; end -= width) {
    if (!list.startsWith(prefix, end - width)) continue;
    sequences.push(block * blockSize + digitValues[list[end - 2]!]! * 64 + digitValues[list[end - 1]!]!);
  }
  return sequences;
}
