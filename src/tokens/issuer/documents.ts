/** Discovery and JWKS: bytes made once from the configured issuer, never from what a request says. */
import { createHash } from 'node:crypto';
import type { Algorithm } from '../../clouds/index.ts';
import type { DocumentUrls, PublicJwk } from '../keys/index.ts';
import { exchangeGrant } from './parameters.ts';

export interface FixedDocument {
  readonly body: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export const discoveryPath = '/.well-known/openid-configuration';
export const jwksPath = '/jwks';
export const tokenPath = '/token';

/** Only what is served stands in it; no cloud asks for the authorization_endpoint that OIDC Discovery would have. */
export function discoveryDocument(
  issuer: string,
  algorithms: readonly Algorithm[],
  maxAge: number,
  certificates: boolean,
): FixedDocument {
  return fixed(
    {
      issuer,
      jwks_uri: issuer + jwksPath,
      token_endpoint: issuer + tokenPath,
      // Without these three arrays AWS answers "Couldn't retrieve verification key".
      response_types_supported: ['id_token'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: algorithms,
      claims_supported: ['iss', 'sub', 'aud', 'iat', 'nbf', 'exp', 'jti'],
      grant_types_supported: ['client_credentials', exchangeGrant],
      token_endpoint_auth_methods_supported: [
        ...tokenEndpointAuthMethods,
        ...(certificates ? certificateMethods : []),
      ],
      token_endpoint_auth_signing_alg_values_supported: [...assertionAlgorithms],
    },
    maxAge,
  );
}

/** Where both documents are found below the URL of an issuer, or of a copy of its documents. */
export const placeOf = (base: string): DocumentUrls => ({
  discovery: base + discoveryPath,
  jwks: base + jwksPath,
});

export const tokenEndpointAuthMethods = [
  'client_secret_basic',
  'client_secret_post',
  'private_key_jwt',
] as const;
/** RFC 8705 sections 2.1.1 and 2.2.1. */
export const certificateMethods = ['tls_client_auth', 'self_signed_tls_client_auth'] as const;
export const assertionAlgorithms = ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519'] as const;

export function jwksDocument(keys: readonly PublicJwk[], maxAge: number): FixedDocument {
  return fixed({ keys }, maxAge);
}

/** Verifiers may keep the documents for half the time that a key is published before it signs, 5 minutes at most. */
export const documentMaxAge = (publishLeadMs: number): number =>
  Math.min(300, Math.floor(publishLeadMs / 2000));

function fixed(value: unknown, maxAge: number): FixedDocument {
  const body = Buffer.from(JSON.stringify(value));
  return {
    body,
    headers: {
      'content-type': 'application/json',
      'cache-control': `public, max-age=${maxAge}, stale-if-error=86400`,
      etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    },
  };
}
