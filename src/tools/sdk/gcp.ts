/** The faces for google-auth-library: one for our own credentials, one for the exchange that the library makes. */
import type { CallOptions, Sojourn, TokenOptions } from './client.ts';
import { otherCloud } from './error.ts';

/**
 * The refresh handler of an OAuth2Client, which every Google Cloud client takes as `authClient`:
 * `Object.assign(new OAuth2Client(), { refreshHandler: gcpRefreshHandler(sojourn, 'con_…') })`. The library calls it
 * again five minutes before `expiry_date` (milliseconds since the epoch). Rejects with a SojournRequestError.
 */
export function gcpRefreshHandler(
  sojourn: Sojourn,
  connection: string,
  options: CallOptions = {},
): () => Promise<{ access_token: string; expiry_date: number }> {
  return async () => {
    const given = await sojourn.credentials(connection, options);
    if (given.cloud !== 'gcp') throw otherCloud('gcpRefreshHandler', given.cloud);
    return { access_token: given.accessToken, expiry_date: given.expiresAt.valueOf() };
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
