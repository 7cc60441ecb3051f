/** The face for the AWS SDK for JavaScript v3, and for whatever takes its credential providers. */
import type { CallOptions, Sojourn } from './client.ts';
import { otherCloud } from './error.ts';

/** AwsCredentialIdentity of @smithy/types. */
export interface AwsIdentity {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiration: Date;
}

/**
 * A credential provider: `new S3Client({ credentials: awsCredentials(sojourn, 'con_…') })`. The SDK asks it again five
 * minutes before `expiration`. Rejects with a SojournRequestError.
 */
export function awsCredentials(
  sojourn: Sojourn,
  connection: string,
  options: CallOptions = {},
): () => Promise<AwsIdentity> {
  return async () => {
    const given = await sojourn.credentials(connection, options);
    if (given.cloud !== 'aws') throw otherCloud('awsCredentials', given.cloud);
    const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = given;
    return { accessKeyId, secretAccessKey, sessionToken, expiration: expiresAt };
  };
}
