/** How Google's libraries, gcloud and Terraform receive credentials on a client's machine. */
import { toSeconds } from '../../platform/time/index.ts';
import { accessTokenOf, bearerVariables, placeOf } from '../bearer-variables.ts';
import type { Programs } from '../contract/programs.ts';
import { shellVariables } from '../tool-text.ts';
import {
  agentAccount,
  endpointAccount,
  executableAccount,
  executableFailure,
  executableToken,
} from './external-account.ts';
import { setupOptions } from './setup-options.ts';
import { upload } from './upload-command.ts';

const allowExecutables = 'GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES';

/** The file with an access token for gcloud, which cannot use an endpoint. */
const tokenFile = 'gcp-token';

export const programs: Programs = {
  title: 'Google Cloud',
  formats: {
    env: bearerVariables,
    // The response of the metadata server, which Google's libraries can read.
    gcp: (issued, now) => ({
      access_token: accessTokenOf(issued),
      expires_in: toSeconds(issued.expiresAt - now()),
      token_type: 'Bearer',
    }),
  },
  tokenFormats: {
    gcp: {
      description: "the format of executable-sourced credentials in Google's libraries",
      success: executableToken,
      failure: executableFailure,
    },
  },
  exec: {
    otherIdentities: [
      // Terraform: https://registry.terraform.io/providers/hashicorp/google/latest/docs/guides/provider_reference
      'GOOGLE_CREDENTIALS',
      'GOOGLE_CLOUD_KEYFILE_JSON',
      'GCLOUD_KEYFILE_JSON',
      'GOOGLE_OAUTH_ACCESS_TOKEN',
      'GOOGLE_IMPERSONATE_SERVICE_ACCOUNT',
      // Google's libraries for Ruby.
      'GOOGLE_CLOUD_CREDENTIALS',
      'GOOGLE_CLOUD_CREDENTIALS_JSON',
      'GOOGLE_CLOUD_KEYFILE',
      'GCLOUD_KEYFILE',
      'CLOUDSDK_AUTH_ACCESS_TOKEN',
      'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE',
      'CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT',
    ],
    async variables({ url, secret, file, pathOf, issued }) {
      const account = endpointAccount(url, await file('gcp-secret', secret), placeOf(issued));
      return {
        GOOGLE_APPLICATION_CREDENTIALS: await file('gcp.json', account),
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: pathOf(tokenFile),
      };
    },
    tokenFile,
    // The token exchange of an external account (RFC 8693). The response already contains Google's access token.
    endpoint: {
      method: 'POST',
      secretOf: (_, body) => new URLSearchParams(body).get('subject_token'),
      credentials: (issued, now) => ({
        access_token: accessTokenOf(issued),
        issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        token_type: 'Bearer',
        expires_in: Math.max(1, toSeconds(issued.expiresAt - now())),
      }),
      error: ({ code, detail, advice }) => ({ error: code, error_description: `${detail} ${advice}` }),
    },
  },
  agent: {
    fields: {
      cache_credentials: { type: 'flag' },
      /** An `external_account` file for GOOGLE_APPLICATION_CREDENTIALS. */
      credentials_file: { type: 'file' },
      service_account: {
        type: 'text',
        pattern: /^[a-z0-9.-]+@[a-z0-9.-]+$/,
        message: 'must be the e-mail address of a service account',
      },
      /** Of the tokens of the service account. */
      lifetime_seconds: {
        type: 'text',
        pattern: /^([3-9]\d\d|[1-9]\d{3}|[1-3]\d{4}|4[0-2]\d{3}|43[01]\d\d|43200)$/,
        message: 'must be a number of seconds from 300 to 43200',
      },
      /** The name of the provider, for a connection with an audience of its own. */
      provider: {
        type: 'text',
        pattern:
          /^projects\/\d+\/locations\/global\/workloadIdentityPools\/[a-z0-9-]+\/providers\/[a-z0-9-]+$/,
        message: 'must be projects/NUMBER/locations/global/workloadIdentityPools/POOL/providers/PROVIDER',
      },
      universe_domain: {
        type: 'text',
        pattern: /^[a-z0-9-]+(\.[a-z0-9-]+)+$/,
        message: 'must be a domain, such as googleapis.com',
      },
      sts_endpoint: { type: 'endpoint' },
      iam_credentials_endpoint: { type: 'endpoint' },
    },
    cachesCredentials: ({ cache_credentials }) => cache_credentials === true,
    files: { credentials_file: agentAccount },
  },
  config: {
    tools: {
      google: {
        write: executableAccount,
        nextStep: ({ file }) =>
          `Save this as ${file}, and set GOOGLE_APPLICATION_CREDENTIALS=${file} and ${allowExecutables}=1.`,
      },
      gcloud: {
        write: executableAccount,
        nextStep: ({ file }) =>
          `Save this as ${file}, set ${allowExecutables}=1, and run \`gcloud auth login --cred-file=${file}\`.`,
      },
    },
    terraform: {
      write: (_, { file }) =>
        shellVariables({ GOOGLE_APPLICATION_CREDENTIALS: file, [allowExecutables]: '1' }),
      prerequisite: 'the file from --tool google',
    },
    fileExtension: 'json',
  },
  upload,
  setupOptions,
};
