/**
 * The server's own access token for the vault, through workload identity (a token of the cluster, exchanged at Entra) or
 * managed identity (a local endpoint of the platform). Neither needs a long-lived secret.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Now } from '../../../platform/time/index.ts';
import type { AccessToken } from '../service/access-token.ts';
import { unavailable } from '../service/faults.ts';
import { callRest } from '../service/rest.ts';
import type { BackendSettings, PlatformIdentity } from '../settings.ts';

/** Managed identity endpoints return the lifetime as a string. */
const schema = z.object({ access_token: z.string().min(1), expires_in: z.coerce.number().positive() });

const publicAuthority = 'https://login.microsoftonline.com';
/** The instance metadata service of a virtual machine. */
const virtualMachine = 'http://169.254.169.254/metadata/identity/oauth2/token';

export const identityToken =
  (settings: BackendSettings['azure_key_vault'], resource: string, now: Now) =>
  async (signal: AbortSignal): Promise<AccessToken> => {
    const requestedAt = now();
    const { identity } = settings;
    const { access_token, expires_in } = isFederated(identity)
      ? await workloadIdentityToken(settings, identity, resource, signal)
      : await managedIdentityToken(settings, resource, signal);
    return { value: access_token, expiresAt: requestedAt + expires_in * 1000 };
  };

type Federated = PlatformIdentity & {
  readonly federated_token_file: string;
  readonly tenant_id: string;
  readonly client_id: string;
};

const isFederated = (identity: PlatformIdentity): identity is Federated =>
  identity.federated_token_file !== null && identity.tenant_id !== null && identity.client_id !== null;

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow, third case. */
async function workloadIdentityToken(
  { authority_host }: BackendSettings['azure_key_vault'],
  identity: Federated,
  resource: string,
  signal: AbortSignal,
) {
  // Read each time, because the cluster replaces the file every hour.
  const assertion = await readFile(identity.federated_token_file, 'utf8').catch(
    (error: NodeJS.ErrnoException) => {
      throw unavailable(
        `The federated token file ${identity.federated_token_file} cannot be read (${error.code})`,
      );
    },
  );
  const authority = (authority_host ?? identity.authority_host ?? publicAuthority).replace(/\/+$/, '');
  return callRest({
    service: 'Microsoft Entra',
    method: 'POST',
    url: `${authority}/${encodeURIComponent(identity.tenant_id)}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: identity.client_id,
      scope: `${resource}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion.trim(),
    }).toString(),
    signal,
    schema,
    refusal: ({ status, body }) =>
      // Only the error code, because the message quotes claims of the assertion.
      unavailable(
        `Microsoft Entra did not issue an access token (status ${status} ${/AADSTS\d+/.exec(body)?.[0] ?? ''})`,
      ),
  });
}

/** https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token */
function managedIdentityToken(
  { identity_endpoint, identity: { endpoint, header, client_id } }: BackendSettings['azure_key_vault'],
  resource: string,
  signal: AbortSignal,
) {
  const onPlatform = endpoint !== null && header !== null;
  const url = new URL(identity_endpoint ?? (onPlatform ? endpoint : virtualMachine));
  url.searchParams.set('api-version', onPlatform ? '2019-08-01' : '2018-02-01');
  url.searchParams.set('resource', resource);
  if (client_id !== null) url.searchParams.set('client_id', client_id);
  return callRest({
    service: 'The managed identity endpoint',
    method: 'GET',
    url: url.href,
    headers: onPlatform ? { 'x-identity-header': header } : { metadata: 'true' },
    signal,
    schema,
    refusal: ({ status }) =>
      unavailable(`The managed identity endpoint did not issue an access token (status ${status})`),
  });
}
