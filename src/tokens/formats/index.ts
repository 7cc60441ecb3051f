/**
 * The forms in which credentials are handed over. Owns: the shapes that SDKs and tools read. Does not own: fetching
 * them. The public door calls it with what the exchange brought.
 */

import type { Connection } from '../../access/connections/index.ts';
import type { CloudName, Credentials } from '../../clouds/index.ts';
import { invalidRequest } from '../../platform/errors/index.ts';
import { type Now, toSeconds, toTimestamp } from '../../platform/time/index.ts';

export interface FormattedCredentials {
  readonly mediaType: string;
  readonly body: string;
}

/** The cloud to which a format belongs; null where it fits all. */
const owners = {
  json: null,
  'aws-process': 'aws',
  'aws-container': 'aws',
  env: null,
  gcp: 'gcp',
  azure: 'azure',
} as const satisfies Readonly<Record<string, CloudName | null>>;

export type CredentialsFormat = keyof typeof owners;
export const credentialsFormats = Object.keys(owners) as readonly CredentialsFormat[];

/** The connection, as far as a form names it. */
type Named = Pick<Connection, 'id' | 'cloud'>;
type AwsKeys = Extract<Credentials['credentials'], { access_key_id: string }>;
type AccessToken = Extract<Credentials['credentials'], { access_token: string }>;

/** Throws `invalid_request` when the format is unknown or belongs to another cloud. */
export function requireFormat(format: string, { cloud }: Pick<Named, 'cloud'>): CredentialsFormat {
  const known = credentialsFormats.find((one) => one === format);
  if (known === undefined) throw unfit(`must be one of ${credentialsFormats.join(', ')}`);
  const owner = owners[known];
  if (owner !== null && owner !== cloud) throw unfit(`${format} does not fit a connection to ${cloud}`);
  return known;
}

const unfit = (message: string) => invalidRequest([{ path: 'format', message }]);

/** The pass in a format that fits its connection. */
export function formatCredentials(
  format: CredentialsFormat,
  connection: Named,
  pass: Credentials,
  now: Now,
  purpose: string | null = null,
): FormattedCredentials {
  switch (format) {
    case 'json':
      return json({
        connection: connection.id,
        cloud: connection.cloud,
        // Said, because a caller with a single purpose need not name it.
        ...(purpose === null ? {} : { purpose }),
        expires_at: toTimestamp(pass.expiresAt),
        credentials: pass.credentials,
      });
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
    case 'aws-process': {
      const keys = pass.credentials as AwsKeys;
      return json({
        Version: 1,
        AccessKeyId: keys.access_key_id,
        SecretAccessKey: keys.secret_access_key,
        SessionToken: keys.session_token,
        Expiration: toTimestamp(pass.expiresAt),
      });
    }
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    case 'aws-container': {
      const keys = pass.credentials as AwsKeys;
      return json({
        AccessKeyId: keys.access_key_id,
        SecretAccessKey: keys.secret_access_key,
        Token: keys.session_token,
        Expiration: toTimestamp(pass.expiresAt),
      });
    }
    case 'env':
      return { mediaType: 'text/plain; charset=utf-8', body: environment(pass) };
    // The shapes of the two metadata servers, which the clouds' own libraries know.
    case 'gcp':
      return json({
        access_token: (pass.credentials as AccessToken).access_token,
        expires_in: toSeconds(pass.expiresAt - now()),
        token_type: 'Bearer',
      });
    case 'azure':
      return json({
        access_token: (pass.credentials as AccessToken).access_token,
        expires_on: String(toSeconds(pass.expiresAt)),
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

/** POSIX single quotes: nothing inside them means anything to a shell. */
const shellQuote = (value: string): string => `'${value.replaceAll("'", "'\\''")}'`;
