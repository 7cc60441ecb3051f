/** The record of a key that is added to the ring. */
import type { NewKey } from './backend.ts';
import type { KeyRecord } from './ring.ts';

export const newKeyRecord = ({ jwk, sealed }: NewKey, state: 'next' | 'active', now: number): KeyRecord => ({
  kid: jwk.kid,
  alg: jwk.alg,
  state,
  jwk,
  sealed,
  published_at: now,
  activate_at: null,
  activated_at: state === 'active' ? now : null,
  retired_at: null,
  revoked_at: null,
});
