/** Whose key has signed: that of a foreign issuer, or one that a client of ours publishes itself. */
import { SojournError } from '../../platform/errors/index.ts';
import type { EgressPolicy } from '../../platform/outbound/index.ts';
import { type ForeignKey, keyFor } from './jwks.ts';
import type { KeyCache } from './key-cache.ts';
import { issuerKeys, keysAt } from './published.ts';
import { refused } from './refused.ts';
import type { ForeignToken } from './token.ts';
import type { Trust } from './trust.ts';

/** The key of the issuer that the token names. Rejects with `invalid_client`. */
export async function keyOfIssuer(
  trust: Trust,
  token: ForeignToken,
  { cache, guard }: { cache: KeyCache; guard: EgressPolicy },
): Promise<ForeignKey> {
  const keys =
    trust.jwks?.keys ??
    (await cache.keysOf(
      {
        // Two kinds read one document differently: a bundle has other keys than a JWKS.
        id: JSON.stringify([trust.preset === 'spiffe', trust.issuer, trust.jwks_uri ?? null]),
        fetch: () => issuerKeys(trust, guard),
        missing: (fault) => refused(`the issuer's keys are not to be had: ${fault}`),
      },
      (known) => keyFor(token, known) !== undefined,
    ));
  const key = keyFor(token, keys);
  if (key) return key;
  throw refused('no key of the issuer has this kid');
}

/**
 * What a client of ours publishes at its `jwks_uri`. Rejects with `client_keys_unavailable` while nothing is known of it:
 * unlike an issuer, this place was named by the administrator for one client, whose id no stranger guesses.
 */
export function keysOfClient(
  url: string,
  { header: { kid } }: ForeignToken,
  { cache, guard }: { cache: KeyCache; guard: EgressPolicy },
): Promise<readonly ForeignKey[]> {
  return cache.keysOf(
    {
      id: JSON.stringify(['client', url]),
      fetch: () => keysAt(url, guard),
      missing: (fault, retryAfter) =>
        new SojournError('client_keys_unavailable', { cause: new Error(fault), retryAfter }),
    },
    (keys) => (kid === undefined ? keys.length > 0 : keys.some((key) => key.kid === kid)),
  );
}
