/** Client secrets: 256 random bits, so that one fast hash is as good as a slow one, and told from others by a prefix. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** The prefix lets secret scanners find one that was committed by mistake. */
export const newSecret = (): string => `sjs_${randomBytes(32).toString('base64url')}`;

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');

/** Compares against every hash, in the same time whether or not one fits. */
export function matchingHash(secret: string, hashes: readonly string[]): number {
  const given = createHash('sha256').update(secret).digest();
  return hashes.reduce(
    (found, hash, index) => (timingSafeEqual(given, Buffer.from(hash, 'base64url')) ? index : found),
    -1,
  );
}
