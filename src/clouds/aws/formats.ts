/** The formats in which AWS SDKs and the AWS CLI read credentials. */
import { toTimestamp } from '../../platform/time/index.ts';
import type { Credentials } from '../contract/index.ts';
import type { Format } from '../contract/programs.ts';

const keysOf = ({ credentials }: Credentials) =>
  credentials as Extract<Credentials['credentials'], { access_key_id: string }>;

export const formats = {
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
  'aws-process': (issued: Credentials) => ({
    Version: 1,
    AccessKeyId: keysOf(issued).access_key_id,
    SecretAccessKey: keysOf(issued).secret_access_key,
    SessionToken: keysOf(issued).session_token,
    Expiration: toTimestamp(issued.expiresAt),
  }),
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
  'aws-container': (issued: Credentials) => ({
    AccessKeyId: keysOf(issued).access_key_id,
    SecretAccessKey: keysOf(issued).secret_access_key,
    Token: keysOf(issued).session_token,
    Expiration: toTimestamp(issued.expiresAt),
  }),
  env: (issued: Credentials) => ({
    AWS_ACCESS_KEY_ID: keysOf(issued).access_key_id,
    AWS_SECRET_ACCESS_KEY: keysOf(issued).secret_access_key,
    AWS_SESSION_TOKEN: keysOf(issued).session_token,
    AWS_CREDENTIAL_EXPIRATION: toTimestamp(issued.expiresAt),
  }),
} satisfies Readonly<Record<string, Format>>;
