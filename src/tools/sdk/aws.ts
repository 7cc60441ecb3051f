/** Adapter for the AWS SDK for JavaScript v3 and for any other user of its credential providers. */
import type { CallOptions, Sojourn } from './client.ts';
import { wrongCloud } from './error.ts';

/** AwsCredentialIdentity of @smithy/types. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
  readonly accountId?: string;
}

/**
 * A credential provider: `new S3Client({ credentials: awsCredentials(sojourn, 'con_…') })`. The AWS SDK calls it again
 * five minutes before `expiration`. Rejects with a SojournRequestError.
 */
export function awsCredentials(
  sojourn: Sojourn,
  connection: string,
  options: CallOptions = {},
): () => Promise<AwsIdentity> {
  return async () => {
    const credentials = await sojourn.credentials(connection, options);
    if (credentials.cloud !== 'aws') throw wrongCloud('awsCredentials', 'aws', credentials.cloud);
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt, accountId } = credentials;
    return {
      accessKeyId,
      secretAccessKey,
      sessionToken,
      expiration: expiresAt,
      ...(accountId === undefined ? {} : { accountId }),
    };
  };
}
