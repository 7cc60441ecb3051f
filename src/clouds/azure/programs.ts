/** How Azure's libraries, the Azure CLI and Terraform receive credentials on a client's machine. */
import { toSeconds } from '../../platform/time/index.ts';
import { accessTokenOf, bearerVariables } from '../bearer-variables.ts';
import type { Format, Programs } from '../contract/programs.ts';
import { shellVariables, stringOrEmpty } from '../tool-text.ts';
import { setupOptions } from './setup-options.ts';
import { upload } from './upload-command.ts';

/** The response of the metadata server, which Azure's libraries read. */
const metadataResponse: Format = (issued) => ({
  access_token: accessTokenOf(issued),
  expires_on: String(toSeconds(issued.expiresAt)),
  token_type: 'Bearer',
});

/**
 * WorkloadIdentityCredential of @azure/identity caches the file's content for 5 minutes, and the agent renews a token at
 * half of its lifetime: half a lifetime must cover the 5 minutes and a slow renewal.
 */
const minTokenSeconds = 2 * (300 + 30);

/** https://learn.microsoft.com/entra/identity-platform/authentication-national-cloud */
const authorities: Readonly<Record<string, string>> = {
  usgov: 'https://login.microsoftonline.us',
  china: 'https://login.partner.microsoftonline.cn',
  usnat: 'https://login.microsoftonline.eaglex.ic.gov',
  ussec: 'https://login.microsoftonline.microsoft.scloud',
};

export const programs: Programs = {
  title: 'Azure',
  formats: { env: bearerVariables, azure: metadataResponse },
  exec: {
    otherIdentities: [
      'AZURE_CLIENT_ID',
      'AZURE_CLIENT_SECRET',
      'AZURE_CLIENT_CERTIFICATE_PATH',
      'AZURE_CLIENT_CERTIFICATE_PASSWORD',
      'AZURE_FEDERATED_TOKEN_FILE',
      'AZURE_USERNAME',
      'AZURE_PASSWORD',
      'IDENTITY_SERVER_THUMBPRINT',
      // Terraform: https://registry.terraform.io/providers/hashicorp/azurerm/latest/docs#argument-reference
      'ARM_CLIENT_ID',
      'ARM_CLIENT_ID_FILE_PATH',
      'ARM_CLIENT_SECRET',
      'ARM_CLIENT_SECRET_FILE_PATH',
      'ARM_CLIENT_CERTIFICATE',
      'ARM_CLIENT_CERTIFICATE_PATH',
      'ARM_CLIENT_CERTIFICATE_PASSWORD',
      'ARM_OIDC_TOKEN',
      'ARM_OIDC_TOKEN_FILE_PATH',
      'ARM_OIDC_REQUEST_TOKEN',
      'ARM_OIDC_REQUEST_URL',
      'ARM_USE_OIDC',
      'ARM_USE_AKS_WORKLOAD_IDENTITY',
      'ARM_USE_MSI',
      'ARM_MSI_ENDPOINT',
    ],
    variables: async ({ url, secret }) => ({
      IDENTITY_ENDPOINT: url,
      IDENTITY_HEADER: secret,
      // The form of API version 2017-09-01, for libraries that know no other.
      MSI_ENDPOINT: url,
      MSI_SECRET: secret,
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    }),
    // The managed identity protocol of App Service: https://learn.microsoft.com/azure/app-service/overview-managed-identity
    endpoint: {
      method: 'GET',
      secretOf: (headers) => headers['x-identity-header'] ?? headers.secret,
      credentials: metadataResponse,
      error: ({ code, detail, advice }) => ({
        error: code,
        error_description: `${detail} ${advice}`,
        message: `${detail} ${advice}`,
      }),
    },
  },
  agent: {
    fields: { cache_credentials: { type: 'flag' } },
    cachesCredentials: ({ cache_credentials }) => cache_credentials === true,
    tokenLifetime: {
      minSeconds: minTokenSeconds,
      reason: "Azure's libraries cache a token for 5 minutes",
    },
  },
  config: {
    tools: {
      azure: {
        write: ({ target }, { file }) =>
          shellVariables({
            AZURE_TENANT_ID: stringOrEmpty(target.tenant_id),
            AZURE_CLIENT_ID: stringOrEmpty(target.client_id),
            AZURE_AUTHORITY_HOST:
              authorities[stringOrEmpty(target.environment)] ?? 'https://login.microsoftonline.com',
            AZURE_FEDERATED_TOKEN_FILE: file,
          }),
        nextStep: ({ file }) =>
          `Set these variables in the tool's shell. The agent must write a cloud token to ${file}.`,
      },
    },
    terraform: {
      write: ({ target }, { file }) =>
        shellVariables({
          ARM_USE_OIDC: 'true',
          ARM_TENANT_ID: stringOrEmpty(target.tenant_id),
          ARM_CLIENT_ID: stringOrEmpty(target.client_id),
          ARM_ENVIRONMENT: stringOrEmpty(target.environment).replace('usgov', 'usgovernment'),
          ARM_OIDC_TOKEN_FILE_PATH: file,
        }),
      prerequisite: "the agent's token file",
    },
    fileExtension: 'token',
  },
  upload,
  setupOptions,
};
