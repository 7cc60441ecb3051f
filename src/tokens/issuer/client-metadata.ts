/** A client as oidc-provider knows it (RFC 7591): by what it has to prove itself. */
import { randomBytes } from 'node:crypto';
import type { AdapterPayload } from 'oidc-provider';
import { certificateInPem, nameTypes } from '../../access/certificates/index.ts';
import type { Client } from '../../access/clients/index.ts';
import type { KeyedClient } from './assertion.ts';

/** The keys that may have signed the assertion in the request; undefined when it has none. */
export type KeysOf = (client: KeyedClient) => Promise<{ readonly keys: readonly object[] } | undefined>;

/** `client` is undefined where there is none that may come in. */
export async function metadataOf(
  id: string,
  client: Client | undefined,
  keysOf: KeysOf,
): Promise<AdapterPayload> {
  if (client?.auth.method === 'private_key_jwt') {
    const jwks = await keysOf({ ...client, auth: client.auth });
    if (jwks) return { ...metadata(id), token_endpoint_auth_method: 'private_key_jwt', jwks: jwks as never };
  }
  if (client?.auth.method === 'tls') return { ...metadata(id), ...certificateOf(client.auth) };
  // A stranger goes the same way as a client with a wrong secret, in the same time, to the same answer.
  // So does one that has proven itself before the engine was asked; see Engine for what is then compared.
  return {
    ...metadata(id),
    token_endpoint_auth_method: 'client_secret_basic',
    client_secret: comparedElsewhere,
  };
}

type CertificateAuth = Extract<Client['auth'], { method: 'tls' }>;

/** RFC 8705 sections 2.1.2 and 2.2.2. */
function certificateOf(auth: CertificateAuth) {
  const { certificates } = auth;
  if (certificates)
    return {
      token_endpoint_auth_method: 'self_signed_tls_client_auth' as const,
      jwks: { keys: certificates.flatMap(asJwk) } as never,
    };
  const fields = nameTypes.map((type) => [`tls_client_auth_${type}`, auth[type]] as const);
  return {
    token_endpoint_auth_method: 'tls_client_auth' as const,
    ...Object.fromEntries(fields.filter(([, value]) => value !== undefined)),
  };
}

function asJwk(pem: string) {
  const certificate = certificateInPem(pem);
  const key = certificate?.publicKey.export({ format: 'jwk' });
  return certificate ? [{ ...key, x5c: [certificate.raw.toString('base64')] }] : [];
}

/** The secret is not compared by the engine, which could not do so with a hash; see Engine. */
const comparedElsewhere = randomBytes(16).toString('hex');

const metadata = (id: string) => ({
  client_id: id,
  grant_types: ['client_credentials'],
  redirect_uris: [],
  response_types: [],
});
