/** Discovery and JWKS as fixed bytes, from the configured issuer and never from a request. */
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

/** Contains only what is served. OIDC Discovery requires authorization_endpoint; clouds do not read it. */
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

/** The URLs of both documents below the URL of an issuer or of a mirror. */
export const documentUrls = (base: string): DocumentUrls => ({
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

/** Seconds for which verifiers may cache the documents: half of the publish lead, at most 5 minutes. */
export const documentMaxAge = (publishLeadMs: number): number =>
  Math.min(300, Math.floor(publishLeadMs / 2000));

const fixed = (value: unknown, maxAge: number): FixedDocument =>
  fixedDocument(JSON.stringify(value), 'application/json', maxAge);

export function fixedDocument(text: string, mediaType: string, maxAge: number): FixedDocument {
  const body = Buffer.from(text);
  return {
    body,
    headers: {
      'content-type': mediaType,
      'cache-control': `public, max-age=${maxAge}, stale-if-error=86400`,
      etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
    },
  };
}
