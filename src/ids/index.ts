/**
 * Names for things. Owns: making ids that are opaque, lower-case, sortable by their making and never given twice.
 * Does not own: what they name.
 */
import { randomBytes } from 'node:crypto';
import type { Now } from '../time/index.ts';

export type IdPrefix = 'ten' | 'cli' | 'con' | 'sec' | 'whk';

/** Crockford's base 32 in lower case: its characters sort as their values do, and none is taken for another. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * `con_` and 26 characters: 48 bits of time and 80 random bits. 30 ASCII bytes, within GCP's 127 for a subject, and
 * with none of the characters that some cloud takes for a wildcard or a variable.
 */
export function newId(prefix: IdPrefix, now: Now): string {
  let value = (BigInt(now()) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`);
  let text = '';
  for (let digit = 0; digit < 26; digit++) {
    text = alphabet[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return `${prefix}_${text}`;
}

export const isId = (prefix: IdPrefix, text: string): boolean =>
  text.length === prefix.length + 27 && new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`).test(text);
