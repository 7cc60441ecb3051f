/** Finds the key for a token: of an external issuer, or of a client with a `jwks_uri`. */
import { SojournError } from '../../platform/errors/index.ts';
import type { EgressPolicy } from '../../platform/outbound/index.ts';
import { keyFor, type RemoteKey } from './jwks.ts';
import type { KeyCache } from './key-cache.ts';
import { refused } from './refusal.ts';
import { issuerKeys, keysAt } from './remote-jwks.ts';
import type { ParsedToken } from './token.ts';
import type { Trust } from './trust.ts';

/** The issuer's key that the token names. Rejects with `invalid_client`. */
export async function keyOfIssuer(
  trust: Trust,
  token: ParsedToken,
  { cache, guard }: { cache: KeyCache; guard: EgressPolicy },
): Promise<RemoteKey> {
  const keys =
    trust.jwks?.keys ??
    (await cache.keysOf(
      {
        // The platform spiffe reads the same document differently: a trust bundle has other usable keys than a JWKS.
        id: JSON.stringify([trust.platform === 'spiffe', trust.issuer, trust.jwks_uri ?? null]),
        fetch: () => issuerKeys(trust, guard),
        missing: (fault) => refused(`cannot fetch the issuer's keys: ${fault}`),
      },
      (known) => keyFor(token, known) !== undefined,
    ));
  const key = keyFor(token, keys);
  if (key) return key;
  throw refused('no key of the issuer has this kid');
}

/**
 * The keys at a client's `jwks_uri`. Rejects with `client_keys_unavailable` while there are none. This reveals nothing to
 * unauthenticated callers: the administrator set the URL for one client, whose id they cannot guess.
 */
export function keysOfClient(
  url: string,
  { header: { kid } }: ParsedToken,
  { cache, guard }: { cache: KeyCache; guard: EgressPolicy },
): Promise<readonly RemoteKey[]> {
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
