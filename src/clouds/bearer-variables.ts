/** The format `env` of clouds whose credentials are an access token. */
import { toTimestamp } from '../platform/time/index.ts';
import type { Credentials } from './contract/index.ts';

/** The access token of an exchange with a cloud that issues access tokens. */
export const accessTokenOf = ({ credentials }: Credentials): string =>
  (credentials as Extract<Credentials['credentials'], { access_token: string }>).access_token;

/** The project and the universe of Google Cloud. */
export const placeOf = ({ credentials }: Credentials): Place =>
  'access_token' in credentials ? credentials : {};

export interface Place {
  readonly project_number?: string;
  readonly universe_domain?: string;
}

export const bearerVariables = (issued: Credentials) => ({
  CLOUD_ACCESS_TOKEN: accessTokenOf(issued),
  CLOUD_ACCESS_TOKEN_EXPIRATION: toTimestamp(issued.expiresAt),
});
