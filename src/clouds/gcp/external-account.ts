/** External accounts of Google's libraries, which exchange the cloud token themselves: https://google.aip.dev/auth/4117 */
import { SojournError } from '../../platform/errors/index.ts';
import type { Place } from '../bearer-variables.ts';
import type { AgentSettings, TokenSource, ToolConnection, ToolOptions } from '../contract/programs.ts';
import { credentialsCommand, stringOrEmpty } from '../tool-text.ts';
import { providerName } from './names.ts';

const publicUniverse = 'googleapis.com';
const jwt = 'urn:ietf:params:oauth:token-type:jwt';

/** The lifetime makes the library ask for what the connection has, instead of one hour. */
const impersonation = (serviceAccount: string, iamCredentials: string, lifetimeSeconds: string) =>
  serviceAccount === ''
    ? {}
    : {
        service_account_impersonation_url: `${iamCredentials}/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`,
        ...(lifetimeSeconds === ''
          ? {}
          : { service_account_impersonation: { token_lifetime_seconds: Number(lifetimeSeconds) } }),
      };

/** An account whose library reads the token from the agent. The token's audience names the provider. */
export const agentAccount = (
  connection: string,
  settings: AgentSettings,
  token: string,
  source: TokenSource,
): string => {
  const universe = stringOrEmpty(settings.universe_domain) || publicUniverse;
  const named = stringOrEmpty(settings.provider);
  return JSON.stringify({
    universe_domain: universe,
    type: 'external_account',
    audience: named === '' ? providerOf(token, connection) : `//iam.googleapis.com/${named}`,
    subject_token_type: jwt,
    token_url: `${settings.sts_endpoint ?? `https://sts.${universe}`}/v1/token`,
    ...impersonation(
      stringOrEmpty(settings.service_account),
      stringOrEmpty(settings.iam_credentials_endpoint) || `https://iamcredentials.${universe}`,
      stringOrEmpty(settings.lifetime_seconds),
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
};

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
    advice:
      'Check that the connection is for Google Cloud. If it has an audience of its own, set provider in the gcp section of the agent.',
  });
}

/** An account whose token exchange is the endpoint of `sojourn exec`, with the endpoint's secret as the token. */
export const endpointAccount = (
  url: string,
  secretFile: string,
  { project_number = '0', universe_domain = publicUniverse }: Place,
): string =>
  JSON.stringify({
    type: 'external_account',
    universe_domain,
    // The endpoint ignores it. The libraries require this format, and read the project from it if the environment names none.
    audience: `//iam.googleapis.com/projects/${project_number}/locations/global/workloadIdentityPools/sojourn/providers/sojourn`,
    subject_token_type: jwt,
    token_url: url,
    credential_source: { file: secretFile },
  });

/** The audience of the token is the URL of the provider, unless the connection has an audience of its own. */
const providerAt = ({ audience, target }: ToolConnection): string =>
  target.audience === undefined
    ? audience.replace(/^https:/, '')
    : `//iam.googleapis.com/${providerName(target as unknown as Parameters<typeof providerName>[0])}`;

/** An account whose library runs `sojourn credentials` for the token. */
export function executableAccount(connection: ToolConnection, options: ToolOptions): string {
  const { service_account, lifetime_seconds, universe_domain } = connection.target;
  const universe = stringOrEmpty(universe_domain) || publicUniverse;
  const account = {
    type: 'external_account',
    universe_domain: universe,
    audience: providerAt(connection),
    subject_token_type: jwt,
    token_url: `https://sts.${universe}/v1/token`,
    ...impersonation(
      stringOrEmpty(service_account),
      `https://iamcredentials.${universe}`,
      String(lifetime_seconds ?? ''),
    ),
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
