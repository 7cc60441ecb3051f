/** The configuration of each tool that fetches credentials: a profile, a file, or environment variables. */
import { shellWord } from '../shell.ts';

/** The fields of a connection, as in the admin API, that a tool needs. */
export interface ToolConnection {
  readonly id: string;
  readonly cloud: 'aws' | 'azure' | 'gcp';
  readonly audience: string;
  readonly target: Readonly<Record<string, unknown>>;
}

export interface ToolOptions {
  /** Command with which the tool starts sojourn. */
  readonly command: string;
  readonly issuer: string | undefined;
  readonly purpose: string | undefined;
  readonly profile: string;
  /** Path of the agent's token file, or of the saved external account. */
  readonly file: string;
}

interface Tool {
  readonly clouds: readonly ToolConnection['cloud'][];
  readonly write: (connection: ToolConnection, options: ToolOptions) => string;
  /** What to do with the output. */
  readonly nextStep: (options: ToolOptions) => string;
}

const credentialsCommand = (
  { command, issuer, purpose }: ToolOptions,
  { id }: ToolConnection,
  format: string,
): string => {
  const options = Object.entries({ issuer, purpose }).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
  return [command, 'credentials', id, '--format', format, ...options].join(' ');
};

const variables = (all: Readonly<Record<string, string>>): string =>
  Object.entries(all)
    .map(([name, value]) => `export ${name}=${shellWord(value)}\n`)
    .join('');

const stringOrEmpty = (value: unknown): string => (typeof value === 'string' ? value : '');

/** https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html */
const awsProfile: Tool['write'] = (connection, options) =>
  [
    `[profile ${options.profile}]`,
    ...(stringOrEmpty(connection.target.region) === '' ? [] : [`region = ${connection.target.region}`]),
    `credential_process = ${credentialsCommand(options, connection, 'aws-process')}`,
    '',
  ].join('\n');

/** An executable-sourced external account: https://google.aip.dev/auth/4117 */
function externalAccount(connection: ToolConnection, options: ToolOptions): string {
  const serviceAccount = stringOrEmpty(connection.target.service_account);
  const account = {
    type: 'external_account',
    universe_domain: 'googleapis.com',
    audience: connection.audience.replace(/^https:/, ''),
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: 'https://sts.googleapis.com/v1/token',
    ...(serviceAccount === ''
      ? {}
      : {
          service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${serviceAccount}:generateAccessToken`,
        }),
    credential_source: {
      executable: { command: credentialsCommand(options, connection, 'gcp'), timeout_millis: 30_000 },
    },
  };
  return `${JSON.stringify(account, null, 2)}\n`;
}

const allowExecutables = 'GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES';

/** https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
const authorities: Readonly<Record<string, string>> = {
  usgov: 'https://login.microsoftonline.us',
  china: 'https://login.partner.microsoftonline.cn',
};

const terraform: Readonly<Record<ToolConnection['cloud'], Tool['write']>> = {
  aws: (_, { profile }) => variables({ AWS_PROFILE: profile }),
  azure: ({ target }, { file }) =>
    variables({
      ARM_USE_OIDC: 'true',
      ARM_TENANT_ID: stringOrEmpty(target.tenant_id),
      ARM_CLIENT_ID: stringOrEmpty(target.client_id),
      ARM_ENVIRONMENT: stringOrEmpty(target.environment).replace('usgov', 'usgovernment'),
      ARM_OIDC_TOKEN_FILE_PATH: file,
    }),
  gcp: (_, { file }) => variables({ GOOGLE_APPLICATION_CREDENTIALS: file, [allowExecutables]: '1' }),
};

export const tools: Readonly<Record<string, Tool>> = {
  aws: {
    clouds: ['aws'],
    write: awsProfile,
    nextStep: ({ profile }) => `Add this to ~/.aws/config, and select it with AWS_PROFILE=${profile}.`,
  },
  google: {
    clouds: ['gcp'],
    write: externalAccount,
    nextStep: ({ file }) =>
      `Save this as ${file}, and set GOOGLE_APPLICATION_CREDENTIALS=${file} and ${allowExecutables}=1.`,
  },
  gcloud: {
    clouds: ['gcp'],
    write: externalAccount,
    nextStep: ({ file }) =>
      `Save this as ${file}, set ${allowExecutables}=1, and run \`gcloud auth login --cred-file=${file}\`.`,
  },
  azure: {
    clouds: ['azure'],
    write: ({ target }, { file }) =>
      variables({
        AZURE_TENANT_ID: stringOrEmpty(target.tenant_id),
        AZURE_CLIENT_ID: stringOrEmpty(target.client_id),
        AZURE_AUTHORITY_HOST:
          authorities[stringOrEmpty(target.environment)] ?? 'https://login.microsoftonline.com',
        AZURE_FEDERATED_TOKEN_FILE: file,
      }),
    nextStep: ({ file }) =>
      `Set these variables in the tool's shell. The agent must write a cloud token to ${file}.`,
  },
  terraform: {
    clouds: ['aws', 'azure', 'gcp'],
    write: (connection, options) => terraform[connection.cloud](connection, options),
    nextStep: () =>
      "Set these variables in Terraform's shell. AWS also needs the profile from --tool aws, Google Cloud the file from --tool google, and Azure the agent's token file.",
  },
};
