/**
 * The admin token. Owns: creating it with the issuer, and checking a caller's token against it or against the one in the
 * environment.
 * Does not own: what it permits (admin listener).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { type DocumentVersion, type Store, unknownPart } from '../../platform/store/index.ts';

export interface AdminToken {
  /** Compares in constant time. */
  matches(token: string): boolean;
}

const storedToken = z.strictObject({ hash: z.string() });

const place = ['setting', 'admin_token'] as const;

/**
 * Replaces the stored token by a new one, whose hash is stored; null if there is one in the environment. Undefined if
 * the document `ifUnchanged` has changed.
 */
export async function createAdminToken(
  store: Store,
  configured: string | null,
  ifUnchanged: DocumentVersion,
): Promise<string | null | undefined> {
  const earlier = await store.get(...place);
  if (earlier) await store.remove(...place, earlier.version);
  if (configured !== null) return null;
  const token = `sja_${randomBytes(32).toString('base64url')}`;
  const value = { hash: hash(token).toString('base64url') };
  return (await store.insert(...place, value, { ifUnchanged })) ? token : undefined;
}

/** `configured` (SOJOURN_ADMIN_TOKEN) takes precedence over the stored token. */
export async function openAdminToken(store: Store, configured: string | null): Promise<AdminToken> {
  if (configured !== null) return { matches: matcher(hash(configured)) };
  const stored = await store.get<z.output<typeof storedToken>>(...place);
  const part = stored && unknownPart(storedToken, stored.value);
  if (part !== undefined)
    throw new SojournError('state_unusable', {
      detail: `The admin token in the store has ${part}, which this version of Sojourn does not know.`,
      advice: 'Start the version that wrote it, or a newer one, or set SOJOURN_ADMIN_TOKEN.',
    });
  if (stored) return { matches: matcher(Buffer.from(stored.value.hash, 'base64url')) };
  // A store that lost its state has no token either. Until that is accepted, no token is right.
  if (store.continuity.fault !== undefined) return { matches: () => false };
  throw new SojournError('config_invalid', {
    detail: 'There is no admin token: SOJOURN_ADMIN_TOKEN is not set, and the store has the hash of none.',
    advice:
      'Set SOJOURN_ADMIN_TOKEN to a token of at least 32 characters, for example from: openssl rand -hex 32',
  });
}

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();

const matcher =
  (expected: Buffer) =>
  (token: string): boolean =>
    timingSafeEqual(hash(token), expected);
