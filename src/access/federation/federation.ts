/** Recognizes a workload by a token of its own issuer: is it signed, is it meant for us, was it used before? */
import { compactVerify, importJWK } from 'jose';
import { addressFilterFor, type EgressPolicy, type Resolve } from '../../platform/outbound/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import { faultsOf } from './compare.ts';
import type { ForeignKey } from './jwks.ts';
import { createKeyCache } from './key-cache.ts';
import { keyOfIssuer, keysOfClient } from './keys.ts';
import { refused } from './refused.ts';
import { type Take, takeOf } from './take.ts';
import { algorithms, type ForeignToken } from './token.ts';
import type { Trust } from './trust.ts';

export interface Federation {
  /** What keeps this token from being that workload's, besides its signature. Nothing is fetched. */
  faults(trust: Trust, token: ForeignToken): readonly string[];
  /**
   * Resolves when the token is signed by the trusted issuer and is not known to be used up, for the resource that is asked
   * for by name. It is not used up by that: whoever issues something for it takes it, so that a workload which is refused
   * for another reason can ask again. Rejects with `invalid_client`, and with `store_unavailable`.
   */
  prove(trust: Trust, token: ForeignToken, resource: string | undefined): Promise<Take>;
  /**
   * The keys that a client of ours publishes at its `jwks_uri`, with which this token of its own may be signed. Rejects
   * with `client_keys_unavailable` when there are none to be had, and with `invalid_client` when the URL may not be asked.
   */
  clientKeys(jwksUri: string, token: ForeignToken): Promise<readonly ForeignKey[]>;
}

export interface FederationOptions {
  readonly store: Store;
  readonly now: Now;
  /** Networks that are not public and may be asked for keys all the same. */
  readonly allowNetworks: readonly string[];
  /** The URLs, exactly, at which clients' keys may be fetched. */
  readonly jwksUris?: readonly string[];
  /** PEM certificates of private authorities. */
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
    async prove(trust, token, resource) {
      await checkSignature(token, await keyOfIssuer(trust, token, sources));
      return takeOf(store, trust, token, resource);
    },
    async clientKeys(jwksUri, token) {
      // It was on the list when the client was saved.
      if (!jwksUris.includes(jwksUri)) throw refused('its jwks_uri is no longer in clients.jwks_uris');
      return keysOfClient(jwksUri, token, sources);
    },
  };
}

async function checkSignature({ compact, header: { alg } }: ForeignToken, key: ForeignKey): Promise<void> {
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
