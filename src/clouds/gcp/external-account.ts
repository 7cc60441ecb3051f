/** External accounts of Google's libraries, which exchange the cloud token themselves: https://google.aip.dev/auth/4117 */
import { SojournError } from '../../platform/errors/index.ts';
import type { AgentSettings, TokenSource, ToolConnection, ToolOptions } from '../contract/programs.ts';
import { credentialsCommand, stringOrEmpty } from '../tool-text.ts';

const publicSts = 'https://sts.googleapis.com';
const publicIamCredentials = 'https://iamcredentials.googleapis.com';
const jwt = 'urn:ietf:params:oauth:token-type:jwt';

const impersonation = (serviceAccount: string, iamCredentials = publicIamCredentials) =>
  serviceAccount === ''
    ? {}
    : {
        service_account_impersonation_url: `${iamCredentials}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`,
      };

/** An account whose library reads the token from the agent. The token's audience names the provider. */
export const agentAccount = (
  connection: string,
  settings: AgentSettings,
  token: string,
  source: TokenSource,
): string =>
  JSON.stringify({
    universe_domain: 'googleapis.com',
    type: 'external_account',
    audience: providerOf(token, connection),
    subject_token_type: jwt,
    token_url: `${settings.sts_endpoint ?? publicSts}/v1/token`,
    ...impersonation(
      stringOrEmpty(settings.service_account),
      settings.iam_credentials_endpoint as string | undefined,
    ),
    credential_source:
      'file' in source
        ? { file: source.file, format: { type: 'text' } }
        : {
            url: source.url,
            headers: { Authorization: source.authorization },
            format: { type: 'json', subject_token_field_name: 'access_token' },
          },
  });

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

/** An account whose token exchange is the endpoint of `sojourn exec`, with the endpoint's secret as the token. */
export const endpointAccount = (url: string, secretFile: string, projectNumber = '0'): string =>
  JSON.stringify({
    type: 'external_account',
    universe_domain: 'googleapis.com',
    // The endpoint ignores it. The libraries require this format, and read the project from it if the environment names none.
    audience: `//iam.googleapis.com/projects/${projectNumber}/locations/global/workloadIdentityPools/sojourn/providers/sojourn`,
    subject_token_type: jwt,
    token_url: url,
    credential_source: { file: secretFile },
  });

/** An account whose library runs `sojourn credentials` for the token. */
export function executableAccount(connection: ToolConnection, options: ToolOptions): string {
  const account = {
    type: 'external_account',
    universe_domain: 'googleapis.com',
    audience: connection.audience.replace(/^https:/, ''),
    subject_token_type: jwt,
    token_url: `${publicSts}/v1/token`,
    ...impersonation(stringOrEmpty(connection.target.service_account)),
    credential_source: {
      executable: { command: credentialsCommand(options, connection, 'gcp'), timeout_millis: 30_000 },
    },
  };
  return `${JSON.stringify(account, null, 2)}\n`;
}

/** The output of the executable; the library shows `message` on failure. */
export const executableToken = (token: string, expiresAt: number): object => ({
  version: 1,
  success: true,
  token_type: 'urn:ietf:params:oauth:token-type:id_token',
  id_token: token,
  expiration_time: Math.floor(expiresAt / 1000),
});

export const executableFailure = (code: string, message: string): object => ({
  version: 1,
  success: false,
  code,
  message,
});
