/** The metadata that client libraries read before they trust an authority. */
import type { SandboxResponse } from '../contract.ts';
import { entraJson } from './entra-response.ts';

/** `/{tenant}/v2.0/.well-known/openid-configuration` */
export function openidConfiguration(origin: string, tenant: string): SandboxResponse {
  const authority = `${origin}/azure/${tenant}`;
  return entraJson(200, {
    token_endpoint: `${authority}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${authority}/discovery/v2.0/keys`,
    response_modes_supported: ['query', 'fragment', 'form_post'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    response_types_supported: ['code', 'id_token', 'code id_token', 'id_token token'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
    issuer: `${authority}/v2.0`,
    request_uri_parameter_supported: false,
    authorization_endpoint: `${authority}/oauth2/v2.0/authorize`,
    claims_supported: ['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', 'tid', 'ver'],
    cloud_instance_name: 'microsoftonline.com',
    cloud_graph_host_name: 'graph.windows.net',
    msgraph_host: 'graph.microsoft.com',
  });
}

/** `/common/discovery/instance`: the sandbox is an authority without aliases. */
export function instanceDiscovery(origin: string): SandboxResponse {
  const { host } = new URL(origin);
  return entraJson(200, {
    tenant_discovery_endpoint: `${origin}/azure/common/v2.0/.well-known/openid-configuration`,
    'api-version': '1.1',
    metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
  });
}
