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

/** The numbers of all lines in a list, in its order; undefined if the list is not one that `postingOf` makes. */
export function numbersIn(name: string, block: number, list: string): number[] | undefined {
  const width = widthOf(name);
  const numbers: number[] = [];
  for (let end = width; end <= list.length; end += width) {
    const [high, low] = [digitValues[list[end - 2]!], digitValues[list[end - 1]!]];
    if (high === undefined || low === undefined) return undefined;
    numbers.push(block * blockSize + high * 64 + low);
  }
  return list.length % width === 0 ? numbers : undefined;
}

/** A list without the postings of another list of the same name and block. */
export function withoutPostings(name: string, list: string, removed: string): string {
  const width = widthOf(name);
  const gone = new Set<string>();
  for (let end = width; end <= removed.length; end += width) gone.add(removed.slice(end - width, end));
  let rest = '';
  for (let end = width; end <= list.length; end += width) {
    const posting = list.slice(end - width, end);
    if (!gone.has(posting)) rest += posting;
  }
  return rest;
}

/** Of a posting in a list of this name. */
const widthOf = (name: string): number =>
  name.startsWith('jti#') ? hashLength + offsetLength : offsetLength;
