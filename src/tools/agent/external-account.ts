/** The file with which Google's libraries find the agent: an `external_account` (https://google.aip.dev/auth/4117). */

import { SojournError } from '../../platform/errors/index.ts';
import type { AgentConnection } from '../../server/config/index.ts';

/** Where the library gets its token: a file, or the agent's endpoint with the header that opens it. */
export type TokenPlace = { readonly file: string } | { readonly url: string; readonly authorization: string };

/** @param token a token of the connection, whose audience names the provider */
export function externalAccount(
  { id, gcp = {} }: Pick<AgentConnection, 'id' | 'gcp'>,
  token: string,
  place: TokenPlace,
): string {
  const sts = gcp.sts_endpoint ?? 'https://sts.googleapis.com';
  const iam = gcp.iam_credentials_endpoint ?? 'https://iamcredentials.googleapis.com';
  return JSON.stringify({
    universe_domain: 'googleapis.com',
    type: 'external_account',
    audience: providerIn(token, id),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${sts}/v1/token`,
    ...(gcp.service_account && {
      service_account_impersonation_url: `${iam}/v1/projects/-/serviceAccounts/${gcp.service_account}:generateAccessToken`,
    }),
    credential_source:
      'file' in place
        ? { file: place.file, format: { type: 'text' } }
        : {
            url: place.url,
            headers: { Authorization: place.authorization },
            format: { type: 'json', subject_token_field_name: 'access_token' },
          },
  });
}

/** The audience of the token is the provider's address, which the exchange names without the scheme. */
function providerIn(token: string, connection: string): string {
  const [, payload = ''] = token.split('.');
  try {
    const { aud } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud?: unknown };
    const [, provider] = /^https:(\/\/iam\.googleapis\.com\/\S+)$/.exec(String(aud)) ?? [];
    if (provider) return provider;
  } catch {
    // What is no JWT has no audience either.
  }
  throw new SojournError('internal', {
    detail: `The token of ${connection} is for no workload identity pool of Google Cloud.`,
    advice: 'Check that the connection leads to Google Cloud.',
  });
}
