/** The variables in which Azure's platforms describe the identity of a process. */
import type { PlatformIdentity } from '../settings.ts';

export const identityVariables: Readonly<Record<keyof PlatformIdentity, string>> = {
  client_id: 'AZURE_CLIENT_ID',
  tenant_id: 'AZURE_TENANT_ID',
  federated_token_file: 'AZURE_FEDERATED_TOKEN_FILE',
  endpoint: 'IDENTITY_ENDPOINT',
  header: 'IDENTITY_HEADER',
  authority_host: 'AZURE_AUTHORITY_HOST',
};
