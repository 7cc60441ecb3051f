/** The configuration keys for Azure Key Vault, `keys.azure_key_vault`. */
import { z } from 'zod';
import { endpointField, key } from '../../../platform/settings/index.ts';

export const settings = {
  vault_url: key(
    endpointField.nullable(),
    null,
    'URL of the vault, such as `https://acme.vault.azure.net`. Credentials come from the managed identity or workload identity of the server.',
  ),
  key_name: key(
    z.string().regex(/^[0-9A-Za-z-]{1,100}$/, 'must be at most 100 letters, digits and -'),
    'sojourn',
    'Prefix of the key names `sojourn-rs256` and `sojourn-es256`; each signing key is a version of one of them.',
  ),
  identity_endpoint: key(
    endpointField.nullable(),
    null,
    'Overrides `IDENTITY_ENDPOINT` or the instance metadata service of a virtual machine.',
  ),
  authority_host: key(
    endpointField.nullable(),
    null,
    'Overrides `AZURE_AUTHORITY_HOST` or `https://login.microsoftonline.com`, for a workload identity.',
  ),
} as const;
