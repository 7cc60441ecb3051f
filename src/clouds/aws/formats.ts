/** The formats in which AWS SDKs and the AWS CLI read credentials. */
import { toTimestamp } from '../../platform/time/index.ts';
import type { Credentials } from '../contract/index.ts';
import type { Format } from '../contract/programs.ts';

const keysOf = ({ credentials }: Credentials) =>
  credentials as Extract<Credentials['credentials'], { access_key_id: string }>;

/** Endpoints that contain the account, as in DynamoDB, need it: https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html */
const accountId = (issued: Credentials) => {
  const { account_id } = keysOf(issued);
  return account_id === undefined ? {} : { AccountId: account_id };
};

export const regionVariables = (issued: Credentials) => {
  const { region } = keysOf(issued);
  return region === undefined ? {} : { AWS_REGION: region, AWS_DEFAULT_REGION: region };
};

/** A shared configuration file: https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html */
export const configOf = (credentials: Credentials['credentials']): string =>
  'region' in credentials && credentials.region ? `[default]\nregion = ${credentials.region}\n` : '';

export const formats = {
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
  'aws-process': (issued: Credentials) => ({
    Version: 1,
    AccessKeyId: keysOf(issued).access_key_id,
    SecretAccessKey: keysOf(issued).secret_access_key,
    SessionToken: keysOf(issued).session_token,
    Expiration: toTimestamp(issued.expiresAt),
    ...accountId(issued),
  }),
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
  'aws-container': (issued: Credentials) => ({
    AccessKeyId: keysOf(issued).access_key_id,
    SecretAccessKey: keysOf(issued).secret_access_key,
    Token: keysOf(issued).session_token,
    Expiration: toTimestamp(issued.expiresAt),
    ...accountId(issued),
  }),
  env: (issued: Credentials) => ({
    AWS_ACCESS_KEY_ID: keysOf(issued).access_key_id,
    AWS_SECRET_ACCESS_KEY: keysOf(issued).secret_access_key,
    AWS_SESSION_TOKEN: keysOf(issued).session_token,
    AWS_CREDENTIAL_EXPIRATION: toTimestamp(issued.expiresAt),
    ...(keysOf(issued).account_id === undefined ? {} : { AWS_ACCOUNT_ID: keysOf(issued).account_id }),
    ...regionVariables(issued),
  }),
} satisfies Readonly<Record<string, Format>>;
