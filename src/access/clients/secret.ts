/** Client secrets: 256 random bits, so a fast hash is as secure as a slow one. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The prefix lets secret scanners detect a leaked secret. */
export const newSecret = (): string => `sjs_${randomBytes(32).toString('base64url')}`;

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Compares with every hash in constant time; returns the index of the match, or -1. */
export function matchingHash(secret: string, hashes: readonly string[]): number {
  const given = createHash('sha256').update(secret).digest();
  return hashes.reduce(
    (found, hash, index) => (timingSafeEqual(given, Buffer.from(hash, 'base64url')) ? index : found),
    -1,
  );
}
