/**
 * The formats of credentials. Owns: the shapes that SDKs and tools read. Does not own: fetching the credentials (exchange).
 * The public listener uses it to format the exchanged credentials.
 */

import type { Connection } from '../../access/connections/index.ts';
import type { CloudName, Credentials } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import { type Now, toSeconds, toTimestamp } from '../../platform/time/index.ts';

export interface FormattedCredentials {
  readonly mediaType: string;
  readonly body: string;
}

/** The cloud of each format; null for formats of all clouds. */
const cloudOfFormat = {
  json: null,
  'aws-process': 'aws',
  'aws-container': 'aws',
  env: null,
  gcp: 'gcp',
  azure: 'azure',
} as const satisfies Readonly<Record<string, CloudName | null>>;

export type CredentialsFormat = keyof typeof cloudOfFormat;
export const credentialsFormats = Object.keys(cloudOfFormat) as readonly CredentialsFormat[];

/** The members of a connection that a format contains. */
type ConnectionInfo = Pick<Connection, 'id' | 'cloud'>;
type AwsKeys = Extract<Credentials['credentials'], { access_key_id: string }>;
type AccessToken = Extract<Credentials['credentials'], { access_token: string }>;

/** Throws `invalid_request` if the format is unknown or for another cloud. */
export function requireFormat(format: string, { cloud }: Pick<ConnectionInfo, 'cloud'>): CredentialsFormat {
  const known = credentialsFormats.find((candidate) => candidate === format);
  if (known === undefined) throw invalidFormat(`must be one of ${credentialsFormats.join(', ')}`);
  const required = cloudOfFormat[known];
  if (required !== null && required !== cloud)
    throw invalidFormat(`cannot be ${format} for a connection to ${cloud}`);
  return known;
}

const invalidFormat = (message: string) => invalidRequest([{ path: 'format', message }]);

/** Formats the credentials; the caller has checked the format with `requireFormat`. */
export function formatCredentials(
  format: CredentialsFormat,
  connection: ConnectionInfo,
  issued: Credentials,
  now: Now,
  purpose: string | null = null,
): FormattedCredentials {
  switch (format) {
    case 'json':
      return json({
        connection: connection.id,
        cloud: connection.cloud,
        // Included, because a caller with a single purpose may omit it.
        ...(purpose === null ? {} : { purpose }),
        expires_at: toTimestamp(issued.expiresAt),
        credentials: issued.credentials,
      });
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    case 'aws-process': {
      const keys = issued.credentials as AwsKeys;
      return json({
        Version: 1,
        AccessKeyId: keys.access_key_id,
        SecretAccessKey: keys.secret_access_key,
        SessionToken: keys.session_token,
        Expiration: toTimestamp(issued.expiresAt),
      });
    }
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    case 'aws-container': {
      const keys = issued.credentials as AwsKeys;
      return json({
        AccessKeyId: keys.access_key_id,
        SecretAccessKey: keys.secret_access_key,
        Token: keys.session_token,
        Expiration: toTimestamp(issued.expiresAt),
      });
    }
    case 'env':
      return { mediaType: 'text/plain; charset=utf-8', body: environment(issued) };
    // The shapes of the two metadata servers, which the clouds' own libraries can read.
    case 'gcp':
      return json({
        access_token: (issued.credentials as AccessToken).access_token,
        expires_in: toSeconds(issued.expiresAt - now()),
        token_type: 'Bearer',
      });
    case 'azure':
      return json({
        access_token: (issued.credentials as AccessToken).access_token,
        expires_on: String(toSeconds(issued.expiresAt)),
        token_type: 'Bearer',
      });
  }
}

const json = (value: unknown): FormattedCredentials => ({
  mediaType: 'application/json',
  body: JSON.stringify(value),
});

function environment({ credentials, expiresAt }: Credentials): string {
  const variables =
    'access_key_id' in credentials
      ? {
          AWS_ACCESS_KEY_ID: credentials.access_key_id,
          AWS_SECRET_ACCESS_KEY: credentials.secret_access_key,
          AWS_SESSION_TOKEN: credentials.session_token,
          AWS_CREDENTIAL_EXPIRATION: toTimestamp(expiresAt),
        }
      : {
          CLOUD_ACCESS_TOKEN: credentials.access_token,
          CLOUD_ACCESS_TOKEN_EXPIRATION: toTimestamp(expiresAt),
        };
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}=${shellQuote(value)}\n`)
    .join('');
}

/** In POSIX single quotes, a shell interprets no character. */
const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
