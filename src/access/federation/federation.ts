/** Verifies external tokens of workloads: claims, signature and replay. */
import { compactVerify, importJWK } from 'jose';
import { addressFilterFor, type EgressPolicy, type Resolve } from '../../platform/outbound/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import { faultsOf } from './compare.ts';
import type { RemoteKey } from './jwks.ts';
import { createKeyCache } from './key-cache.ts';
import { keyOfIssuer, keysOfClient } from './keys.ts';
import { refused } from './refusal.ts';
import { type ConsumeToken, consumeOf } from './replay.ts';
import { algorithms, type ParsedToken } from './token.ts';
import type { Trust } from './trust.ts';

export interface Federation {
  /** Mismatches between the token's claims and the trust. Does not check the signature and fetches nothing. */
  faults(trust: Trust, token: ParsedToken): readonly string[];
  /**
   * Resolves if the trusted issuer signed the token and no earlier use for the named resource is known. Does not consume
   * the token: the issuer consumes it when it issues a token for it, so that a workload that is refused for another reason
   * can retry. Rejects with `invalid_client` or `store_unavailable`.
   */
  verify(trust: Trust, token: ParsedToken, resource: string | undefined): Promise<ConsumeToken>;
  /**
   * The keys at a client's `jwks_uri`, to verify its assertion. Rejects with `client_keys_unavailable` if they cannot be
   * fetched, and with `invalid_client` if the configuration does not allow the URL.
   */
  clientKeys(jwksUri: string, token: ParsedToken): Promise<readonly RemoteKey[]>;
}

export interface FederationOptions {
  readonly store: Store;
  readonly now: Now;
  /** Private networks from which keys may be fetched. */
  readonly allowNetworks: readonly string[];
  /** The exact URLs from which clients' keys may be fetched. */
  readonly jwksUris?: readonly string[];
  /** Additional CA certificates in PEM. */
  readonly ca?: string;
  readonly resolve?: Resolve;
}

export function createFederation(options: FederationOptions): Federation {
  const { store, now, allowNetworks, jwksUris = [], ca, resolve } = options;
  const guard: EgressPolicy = {
    isAllowed: addressFilterFor(allowNetworks),
    ...(ca === undefined ? {} : { ca }),
    ...(resolve ? { resolve } : {}),
  };
  const sources = { cache: createKeyCache(now), guard };

  return {
    faults: (trust, { claims }) => faultsOf(trust, claims, toSeconds(now())),
    async verify(trust, token, resource) {
      await checkSignature(token, await keyOfIssuer(trust, token, sources));
      return consumeOf(store, trust, token, resource);
    },
    async clientKeys(jwksUri, token) {
      // The URL was allowed when the client was saved; the configuration may have changed since.
      if (!jwksUris.includes(jwksUri)) throw refused('its jwks_uri is no longer in clients.jwks_uris');
      return keysOfClient(jwksUri, token, sources);
    },
  };
}

async function checkSignature({ compact, header: { alg } }: ParsedToken, key: RemoteKey): Promise<void> {
  const { kty, crv, n, e, x, y } = key;
  const members = Object.fromEntries(
    Object.entries({ kty, crv, n, e, x, y }).filter(([, value]) => value !== undefined),
  );
  try {
    await compactVerify(compact, await importJWK(members as never, alg), { algorithms: [...algorithms] });
  } catch {
    throw refused('the signature does not verify');
  }
}
