/** Adapters for google-auth-library: one provides credentials, one a token that the library exchanges itself. */
import type { CallOptions, Sojourn, TokenOptions } from './client.ts';
import { wrongCloud } from './error.ts';

/**
 * The refresh handler of an OAuth2Client, which every Google Cloud client accepts as `authClient`:
 * `Object.assign(new OAuth2Client(), { refreshHandler: gcpRefreshHandler(sojourn, 'con_…') })`. The library calls it
 * again five minutes before `expiry_date` (milliseconds since the epoch). Rejects with a SojournRequestError.
 */
export function gcpRefreshHandler(
  sojourn: Sojourn,
  connection: string,
  options: CallOptions = {},
): () => Promise<{ access_token: string; expiry_date: number }> {
  return async () => {
    const credentials = await sojourn.credentials(connection, options);
    if (credentials.cloud !== 'gcp') throw wrongCloud('gcpRefreshHandler', 'gcp', credentials.cloud);
    return { access_token: credentials.accessToken, expiry_date: credentials.expiresAt.valueOf() };
  };
}

/** The subject token supplier of an IdentityPoolClient (`subject_token_supplier`); its type is `…:token-type:jwt`. */
export function gcpSubjectTokenSupplier(
  sojourn: Sojourn,
  connection: string,
  options: TokenOptions = {},
): { getSubjectToken(): Promise<string> } {
  return { getSubjectToken: async () => (await sojourn.token(connection, options)).token };
}
