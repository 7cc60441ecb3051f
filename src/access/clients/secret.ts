/** Client secrets: 256 random bits, so a fast hash is as secure as a slow one. */
import { createHash, randomBytes } from 'node:crypto';

/** The prefix lets secret scanners detect a leaked secret. */
export const newSecret = (): string => `sjs_${randomBytes(32).toString('base64url')}`;

export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
