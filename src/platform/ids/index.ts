/**
 * Ids. Owns: creating and checking ids that are opaque, lower-case, unique and sortable by creation time.
 * Does not own: the objects that they identify.
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Now } from '../time/index.ts';

export type IdPrefix = 'ten' | 'cli' | 'con' | 'sec' | 'whk' | 'apr';

/** Crockford's base 32 in lower case: characters sort like their values, and none looks like another. */
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * `con_` and 26 characters: 48 bits of time and 80 random bits. 30 ASCII bytes, within GCP's limit of 127 for a subject,
 * and without any character that a cloud treats as a wildcard or a variable.
 */
export const newId = (prefix: IdPrefix, now: Now): string =>
  encode(prefix, (BigInt(now()) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`));

/** A deterministic id for an object that is unique per combination of `ids`: 128 bits of their SHA-256 hash. */
export function derivedId(prefix: IdPrefix, ...ids: readonly string[]): string {
  const hash = createHash('sha256').update(ids.join('\n')).digest('hex');
  return encode(prefix, BigInt(`0x${hash.slice(0, 32)}`));
}

function encode(prefix: IdPrefix, number: bigint): string {
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
