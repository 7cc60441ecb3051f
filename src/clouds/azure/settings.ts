/** The configuration keys for the endpoints of Entra and Resource Manager. */
import { endpointField, key, type Values } from '../../platform/settings/index.ts';

export const settings = {
  authority_host: key(
    endpointField.nullable(),
    null,
    'Overrides `https://login.microsoftonline.com` and its equivalents in sovereign clouds.',
  ),
  resource_manager_endpoint: key(
    endpointField.nullable(),
    null,
    'Overrides `https://management.azure.com` and its equivalents in sovereign clouds, which each verification calls once.',
  ),
} as const;

export type AzureSettings = Values<typeof settings>;
