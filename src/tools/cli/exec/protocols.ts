/** The forms in which the clouds' libraries ask a local endpoint, and what each understands as a refusal. */
import type { Credentials, SojournRequestError } from '../../sdk/index.ts';

/** What a library asked, as far as it matters: where the secret was, and what was given. */
export interface EndpointProtocol {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** The text that must be the secret. */
  secretIn(headers: NodeJS.Dict<string | string[]>, body: string): unknown;
  credentials(credentials: Credentials, now: number): object | undefined;
  error(error: Pick<SojournRequestError, 'code' | 'detail' | 'advice'>): object;
}

const seconds = (date: Date): number => Math.floor(date.valueOf() / 1000);
const messageOf = ({ detail, advice }: { detail: string; advice: string }) => `${detail} ${advice}`;

export const protocols: Readonly<Record<Credentials['cloud'], EndpointProtocol>> = {
  // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
  aws: {
    method: 'GET',
    path: '/aws',
    secretIn: ({ authorization }) => authorization,
    credentials: (given) =>
      given.cloud === 'aws'
        ? {
            AccessKeyId: given.accessKeyId,
            SecretAccessKey: given.secretAccessKey,
            Token: given.sessionToken,
            Expiration: given.expiresAt.toISOString(),
          }
        : undefined,
    error: (error) => ({ Code: error.code, Message: messageOf(error) }),
  },
  // The managed identity of App Service: https://learn.microsoft.com/azure/app-service/overview-managed-identity
  azure: {
    method: 'GET',
    path: '/azure',
    secretIn: (headers) => headers['x-identity-header'],
    credentials: (given) =>
      given.cloud === 'azure'
        ? {
            access_token: given.accessToken,
            expires_on: String(seconds(given.expiresAt)),
            token_type: 'Bearer',
          }
        : undefined,
    error: (error) => ({ error: error.code, error_description: messageOf(error), message: messageOf(error) }),
  },
  // A token exchange (RFC 8693), as an external account makes it: it already ends here, with what the cloud gave.
  gcp: {
    method: 'POST',
    path: '/gcp',
    secretIn: (_, body) => new URLSearchParams(body).get('subject_token'),
    credentials: (given, now) =>
      given.cloud === 'gcp'
        ? {
            access_token: given.accessToken,
            issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
            token_type: 'Bearer',
            expires_in: Math.max(1, Math.floor((given.expiresAt.valueOf() - now) / 1000)),
          }
        : undefined,
    error: (error) => ({ error: error.code, error_description: messageOf(error) }),
  },
};
