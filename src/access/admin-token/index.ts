/**
 * The operator's access to the admin API. Owns: the one admin token, given by the environment or made at first start.
 * Does not own: what may be done with it.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';

export interface AdminToken {
  /** Compares in constant time. */
  matches(given: string): boolean;
  /** The token, when this start made it; it is not kept and cannot be shown again. */
  readonly made: string | undefined;
}

const settingId = 'admin_token';

/** `given` (SOJOURN_ADMIN_TOKEN) wins over the kept one; without either, one is made and its hash is kept. */
export async function openAdminToken(store: Store, given: string | null): Promise<AdminToken> {
  if (given !== null) return { matches: matcher(hash(given)), made: undefined };
  const made = `sja_${randomBytes(32).toString('base64url')}`;
  const first = await store.insert('setting', settingId, { hash: hash(made).toString('base64url') });
  const kept = await store.get<{ hash: string }>('setting', settingId);
  if (!kept)
    throw new SojournError('state_unusable', {
      detail: 'The store does not keep the hash of the admin token.',
    });
  return { matches: matcher(Buffer.from(kept.value.hash, 'base64url')), made: first ? made : undefined };
}

const hash = (token: string): Buffer => createHash('sha256').update(token).digest();

const matcher =
  (expected: Buffer) =>
  (given: string): boolean =>
    timingSafeEqual(hash(given), expected);
