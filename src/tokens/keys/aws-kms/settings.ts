/** The configuration keys for AWS KMS, `keys.aws_kms`. */
import { z } from 'zod';
import { endpointField, key } from '../../../platform/settings/index.ts';

const nullable = (pattern: RegExp, message: string) => z.string().regex(pattern, message).nullable();

export const settings = {
  region: key(
    nullable(/^[a-z]{2,4}(-[a-z]+)+-\d+$/, 'must be a region such as eu-central-1'),
    null,
    'Region of the keys. Credentials come from the default chain of the AWS SDK, such as the role of the server.',
  ),
  endpoint: key(
    endpointField.nullable(),
    null,
    'Overrides the regional endpoint, for a VPC endpoint or an emulator.',
  ),
} as const;
