/**
 * Names for things. Owns: making ids that are opaque, lower-case, sortable by their making and never given twice.
 * Does not own: what they name.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Now } from '../time/index.ts';

export type IdPrefix = 'ten' | 'cli' | 'con' | 'sec' | 'whk' | 'apr';

/** Crockford's base 32 in lower case: its characters sort as their values do, and none is taken for another. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * `con_` and 26 characters: 48 bits of time and 80 random bits. 30 ASCII bytes, within GCP's 127 for a subject, and
 * with none of the characters that some cloud takes for a wildcard or a variable.
 */
export const newId = (prefix: IdPrefix, now: Now): string =>
  spelled(prefix, (BigInt(now()) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`));

/** The id of what there is one of for these ids, and always the same: 128 bits of their hash. */
export function derivedId(prefix: IdPrefix, ...ids: readonly string[]): string {
  const hash = createHash('sha256').update(ids.join('\n')).digest('hex');
  return spelled(prefix, BigInt(`0x${hash.slice(0, 32)}`));
}

function spelled(prefix: IdPrefix, number: bigint): string {
  let value = number;
  let text = '';
  for (let digit = 0; digit < 26; digit++) {
    text = alphabet[Number(value & 31n)] + text;
    value >>= 5n;
  }
  return `${prefix}_${text}`;
}

export const isId = (prefix: IdPrefix, text: string): boolean =>
  text.length === prefix.length + 27 && new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`).test(text);
