/**
 * The admin token. Owns: reading it from the environment or creating it at the first start, and checking a
 * caller's token against it.
 * Does not own: what it permits (admin listener).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';

export interface AdminToken {
  /** Compares in constant time. */
  matches(token: string): boolean;
  /** The token if this start created it; it is not stored and cannot be shown again. */
  readonly created: string | undefined;
}

const settingId = 'admin_token';

/** `configured` (SOJOURN_ADMIN_TOKEN) takes precedence over the stored token. Without either, creates a token and stores its hash. */
export async function openAdminToken(store: Store, configured: string | null): Promise<AdminToken> {
  if (configured !== null) return { matches: matcher(hash(configured)), created: undefined };
  // A store that lost its state has no token either. Until that is accepted, no token is right.
  const mayWrite = store.continuity.fault === undefined;
  const made = `sja_${randomBytes(32).toString('base64url')}`;
  const value = { hash: hash(made).toString('base64url') };
  const first = mayWrite && (await store.insert('setting', settingId, value));
  const kept = await store.get<{ hash: string }>('setting', settingId);
  if (!kept && !mayWrite) return { matches: () => false, created: undefined };
  if (!kept)
    throw new SojournError('state_unusable', {
      detail: 'The store does not contain the hash of the admin token.',
    });
  return { matches: matcher(Buffer.from(kept.value.hash, 'base64url')), created: first ? made : undefined };
}

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();

const matcher =
  (expected: Buffer) =>
  (token: string): boolean =>
    timingSafeEqual(hash(token), expected);
