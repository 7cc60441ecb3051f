/** Credentials of the SDK as a cloud issued them, from which the clouds' formats are made. */
import type { Credentials as IssuedCredentials } from '../../../clouds/index.ts';
import type { Credentials, ServiceCredentials } from '../../sdk/index.ts';

/** Not those of a service with a preset. */
export type CloudCredentials = Exclude<Credentials, ServiceCredentials>;

export const issuedOf = (credentials: CloudCredentials): IssuedCredentials => ({
  expiresAt: credentials.expiresAt.valueOf(),
  credentials:
    'accessKeyId' in credentials
      ? {
          access_key_id: credentials.accessKeyId,
          secret_access_key: credentials.secretAccessKey,
          session_token: credentials.sessionToken,
          ...(credentials.accountId === undefined ? {} : { account_id: credentials.accountId }),
          ...(credentials.region === undefined ? {} : { region: credentials.region }),
        }
      : {
          access_token: credentials.accessToken,
          token_type: 'Bearer',
          ...(credentials.projectNumber === undefined ? {} : { project_number: credentials.projectNumber }),
          ...(credentials.universeDomain === undefined
            ? {}
            : { universe_domain: credentials.universeDomain }),
        },
});
