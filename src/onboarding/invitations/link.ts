/** The secret of a link: 256 random bits, so that one fast hash keeps it and nobody finds it by trying. */
import { createHash, randomBytes } from 'node:crypto';

export const newLinkSecret = (): string => randomBytes(32).toString('base64url');

/** What an invitation is kept and found by. Of any text, in one step: right or wrong takes the same time. */
export const invitationIdOf = (secret: string): string =>
  createHash('sha256').update(secret).digest('base64url');
