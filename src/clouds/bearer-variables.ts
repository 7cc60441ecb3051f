/** The format `env` of clouds whose credentials are an access token. */
import { toTimestamp } from '../platform/time/index.ts';
import type { Credentials } from './contract/index.ts';

/** The access token of an exchange with a cloud that issues access tokens. */
export const accessTokenOf = ({ credentials }: Credentials): string =>
  (credentials as Extract<Credentials['credentials'], { access_token: string }>).access_token;

export const projectNumberOf = ({ credentials }: Credentials): string | undefined =>
  'project_number' in credentials ? credentials.project_number : undefined;

export const bearerVariables = (issued: Credentials) => ({
  CLOUD_ACCESS_TOKEN: accessTokenOf(issued),
  CLOUD_ACCESS_TOKEN_EXPIRATION: toTimestamp(issued.expiresAt),
});
