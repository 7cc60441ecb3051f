/** The `external_account` file for Google's libraries (https://google.aip.dev/auth/4117). */

import { SojournError } from '../../platform/errors/index.ts';
import type { AgentConnection } from '../../server/config/index.ts';

/** Where the library reads the token: a file, or the agent's endpoint with its `Authorization` header. */
export type TokenSource =
  | { readonly file: string }
  | { readonly url: string; readonly authorization: string };

/** @param token a token of the connection; its audience names the provider */
export function externalAccount(
  { id, gcp = {} }: Pick<AgentConnection, 'id' | 'gcp'>,
  token: string,
  source: TokenSource,
): string {
  const sts = gcp.sts_endpoint ?? 'https://sts.googleapis.com';
  const iam = gcp.iam_credentials_endpoint ?? 'https://iamcredentials.googleapis.com';
  return JSON.stringify({
    universe_domain: 'googleapis.com',
    type: 'external_account',
    audience: providerOf(token, id),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${sts}/v1/token`,
    ...(gcp.service_account && {
      service_account_impersonation_url: `${iam}/v1/projects/-/serviceAccounts/${gcp.service_account}:generateAccessToken`,
    }),
    credential_source:
      'file' in source
        ? { file: source.file, format: { type: 'text' } }
        : {
            url: source.url,
            headers: { Authorization: source.authorization },
            format: { type: 'json', subject_token_field_name: 'access_token' },
          },
  });
}

/** The token's audience is the URL of the provider; the exchange uses it without the scheme. */
function providerOf(token: string, connection: string): string {
  const [, payload = ''] = token.split('.');
  try {
    const { aud } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { aud?: unknown };
    const [, provider] = /^https:(\/\/iam\.googleapis\.com\/\S+)$/.exec(String(aud)) ?? [];
    if (provider) return provider;
  } catch {
    // Not a JWT, so it has no audience.
  }
  throw new SojournError('internal', {
    detail: `The audience of the token of ${connection} is not a workload identity pool of Google Cloud.`,
    advice: 'Check that the connection is for Google Cloud.',
  });
}
