/** The configuration keys for the endpoints of the Google APIs. */
import { endpointField, key, type Values } from '../../platform/settings/index.ts';

export const settings = {
  sts_endpoint: key(endpointField.nullable(), null, 'Overrides `https://sts.googleapis.com`.'),
  iam_credentials_endpoint: key(
    endpointField.nullable(),
    null,
    'Overrides `https://iamcredentials.googleapis.com`.',
  ),
  resource_manager_endpoint: key(
    endpointField.nullable(),
    null,
    'Overrides `https://cloudresourcemanager.googleapis.com`, which each verification calls once.',
  ),
} as const;

export type GcpSettings = Values<typeof settings>;
