/** The secret of a link: 256 random bits, which cannot be guessed, so a fast hash is enough to store it. */
import { createHash, randomBytes } from 'node:crypto';

export const newLinkSecret = (): string => randomBytes(32).toString('base64url');

/** The key of an invitation in the store. Hashing takes the same time for valid and invalid secrets. */
export const invitationIdOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');
