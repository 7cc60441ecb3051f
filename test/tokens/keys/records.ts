/** Hand-made rings, for decisions that need no real key. */
import type { Algorithm } from '../../../src/clouds/index.ts';
import type { KeyRecord, KeyState, Ring, Timing } from '../../../src/tokens/keys/index.ts';

/** 2026-11-23T12:00:00Z */
export const noon = 1_795_435_200_000;
export const second = 1000;
export const hour = 3_600_000;
export const day = 24 * hour;

export const timing: Timing = {
  rotateEvery: 30 * day,
  publishLead: day,
  retain: 25 * hour,
  longestTokenLife: hour,
  staleAfter: 300 * second,
};

export function recordOf(
  kid: string,
  alg: Algorithm,
  state: KeyState,
  times: Partial<
    Pick<KeyRecord, 'published_at' | 'activate_at' | 'activated_at' | 'retired_at' | 'revoked_at'>
  > = {},
): KeyRecord {
  const jwk =
    alg === 'RS256'
      ? ({ kty: 'RSA', use: 'sig', alg, kid, n: 'n', e: 'AQAB' } as const)
      : ({ kty: 'EC', use: 'sig', alg, kid, crv: 'P-256', x: 'x', y: 'y' } as const);
  return {
    kid,
    alg,
    state,
    jwk,
    sealed: state === 'active' || state === 'next' ? `sealed ${kid}` : null,
    published_at: noon,
    activate_at: null,
    activated_at: state === 'next' ? null : noon,
    retired_at: state === 'retired' ? noon : null,
    revoked_at: state === 'revoked' ? noon : null,
    ...times,
  };
}

export const ringOf = (...keys: readonly KeyRecord[]): Ring => ({ id: 'ring', revision: 7, keys });
