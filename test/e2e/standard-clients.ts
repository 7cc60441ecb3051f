/** Two unmodified OAuth libraries with both authentication methods, as a vendor's service fetches tokens. */
import type { CryptoKey } from 'jose';
import * as oauth from 'oauth4webapi';
import * as openid from 'openid-client';

/** How a client proves itself. */
export type Proof = { readonly secret: string } | { readonly key: CryptoKey };

export interface Fetched {
  readonly access_token: string;
  readonly token_type: string;
  readonly expires_in?: number | undefined;
}

/** Discovers the issuer and asks for a token of the resource. */
export type FetchToken = (
  issuer: string,
  clientId: string,
  proof: Proof,
  resource: string,
) => Promise<Fetched>;

export const withOpenidClient: FetchToken = async (issuer, clientId, proof, resource) => {
  const authentication =
    'secret' in proof ? openid.ClientSecretBasic(proof.secret) : openid.PrivateKeyJwt(proof.key);
  const configuration = await openid.discovery(new URL(issuer), clientId, undefined, authentication, {
    execute: [openid.allowInsecureRequests],
  });
  return openid.clientCredentialsGrant(configuration, { resource });
};

export const withOauth4webapi: FetchToken = async (issuer, clientId, proof, resource) => {
  const insecure = { [oauth.allowInsecureRequests]: true };
  const at = new URL(issuer);
  const server = await oauth.processDiscoveryResponse(at, await oauth.discoveryRequest(at, insecure));
  const client = { client_id: clientId };
  const answer = await oauth.clientCredentialsGrantRequest(
    server,
    client,
    'secret' in proof ? oauth.ClientSecretPost(proof.secret) : oauth.PrivateKeyJwt(proof.key),
    { resource },
    insecure,
  );
  return oauth.processClientCredentialsResponse(server, client, answer);
};
