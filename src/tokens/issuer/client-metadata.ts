/** A client as oidc-provider knows it (RFC 7591): by the method with which it must authenticate this request. */
import { randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import { certificateInPem, nameTypes } from '../../access/certificates/index.ts';
import type { Client } from '../../access/clients/index.ts';
import { exchangeGrant } from './parameters.ts';

const commonMetadata = {
  grant_types: ['client_credentials', exchangeGrant],
  redirect_uris: [],
  response_types: [],
};

/** A client whose proof we have checked: it presented a token of another issuer. */
export const authenticatedMetadata = (id: string): AdapterPayload => ({
  ...commonMetadata,
  client_id: id,
  token_endpoint_auth_method: 'none',
});

/** A client that must sign its assertion with one of these keys. */
export const keyMetadata = (id: string, keys: readonly object[]): AdapterPayload => ({
  ...commonMetadata,
  client_id: id,
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys } as never,
});

/**
 * A client that must present a secret. An unknown client is one too: it takes the same path, in the same time, to the same
 * answer as a client with a wrong secret. The comparison is ours (client-secret.ts), so the value here opens nothing.
 */
export const secretMetadata = (id: string): AdapterPayload => ({
  ...commonMetadata,
  client_id: id,
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: neverCompared,
});

const neverCompared = randomBytes(16).toString('hex');

/** A client that must present a certificate (RFC 8705 sections 2.1.2 and 2.2.2). */
export function certificateMetadata(
  id: string,
  auth: Extract<Client['auth'], { method: 'tls' }>,
): AdapterPayload {
  const { certificates } = auth;
  if (certificates)
    return {
      ...commonMetadata,
      client_id: id,
      token_endpoint_auth_method: 'self_signed_tls_client_auth',
      jwks: { keys: certificates.flatMap(asJwk) } as never,
    };
  const names = nameTypes.map((type) => [`tls_client_auth_${type}`, auth[type]] as const);
  return {
    ...commonMetadata,
    client_id: id,
    token_endpoint_auth_method: 'tls_client_auth',
    ...Object.fromEntries(names.filter(([, value]) => value !== undefined)),
  };
}

function asJwk(pem: string) {
  const certificate = certificateInPem(pem);
  const key = certificate?.publicKey.export({ format: 'jwk' });
  return certificate ? [{ ...key, x5c: [certificate.raw.toString('base64')] }] : [];
}
