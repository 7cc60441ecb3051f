/** The configuration keys for the endpoints of STS. */
import { z } from 'zod';
import { key, regionalEndpointField, type Values } from '../../platform/settings/index.ts';

export const settings = {
  sts_endpoint: key(
    regionalEndpointField.nullable(),
    null,
    'Overrides the regional STS endpoints, for a private endpoint, an emulator or the sandbox. `{region}` is replaced by the name of the region.',
  ),
  sts_region_fallback: key(
    z.boolean(),
    true,
    'Whether the STS of another region of the same geography is called if the STS of the connection’s region does not answer. Its credentials are valid in every region.',
  ),
} as const;

export type AwsSettings = Values<typeof settings>;
