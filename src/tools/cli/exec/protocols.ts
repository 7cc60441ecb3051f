/** The protocols in which the clouds' libraries fetch credentials from a local endpoint, with their error formats. */
import type { Credentials, SojournRequestError } from '../../sdk/index.ts';

export interface EndpointProtocol {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The value that must equal the secret. */
  secretOf(headers: NodeJS.Dict<string | string[]>, body: string): unknown;
  /** The body for credentials of this cloud; undefined for another cloud. */
  credentials(credentials: Credentials, now: number): object | undefined;
  /** The body of an error response. */
  error(error: Pick<SojournRequestError, 'code' | 'detail' | 'advice'>): object;
}

const seconds = (date: Date): number => Math.floor(date.valueOf() / 1000);
const messageOf = ({ detail, advice }: { detail: string; advice: string }) => `${detail} ${advice}`;

export const protocols: Readonly<Record<Credentials['cloud'], EndpointProtocol>> = {
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
  aws: {
    method: 'GET',
    path: '/aws',
    secretOf: ({ authorization }) => authorization,
    credentials: (credentials) =>
      credentials.cloud === 'aws'
        ? {
            AccessKeyId: credentials.accessKeyId,
            SecretAccessKey: credentials.secretAccessKey,
            Token: credentials.sessionToken,
            Expiration: credentials.expiresAt.toISOString(),
          }
        : undefined,
    error: (error) => ({ Code: error.code, Message: messageOf(error) }),
  },
  // The managed identity protocol of App Service: https://learn.microsoft.com/azure/app-service/overview-managed-identity
  azure: {
    method: 'GET',
    path: '/azure',
    secretOf: (headers) => headers['x-identity-header'],
    credentials: (credentials) =>
      credentials.cloud === 'azure'
        ? {
            access_token: credentials.accessToken,
            expires_on: String(seconds(credentials.expiresAt)),
            token_type: 'Bearer',
          }
        : undefined,
    error: (error) => ({ error: error.code, error_description: messageOf(error), message: messageOf(error) }),
  },
  // The token exchange of an external account (RFC 8693). The response already contains Google's access token.
  gcp: {
    method: 'POST',
    path: '/gcp',
    secretOf: (_, body) => new URLSearchParams(body).get('subject_token'),
    credentials: (credentials, now) =>
      credentials.cloud === 'gcp'
        ? {
            access_token: credentials.accessToken,
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
            expires_in: Math.max(1, Math.floor((credentials.expiresAt.valueOf() - now) / 1000)),
          }
        : undefined,
    error: (error) => ({ error: error.code, error_description: messageOf(error) }),
  },
};
