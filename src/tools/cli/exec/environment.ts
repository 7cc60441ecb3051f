/** The environment of the child program: the clouds' libraries find the endpoint and no other identity before it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../../server/config/index.ts';
import type { Credentials } from '../../sdk/index.ts';
import type { Endpoint } from './endpoint.ts';
import { protocols } from './protocols.ts';

type Variables = Record<string, string>;

/** Removed: the child program needs no access to the server. */
const sojournVariables = [
  'SOJOURN_ADMIN_TOKEN',
  'SOJOURN_AGENT_DIRECTORY',
  'SOJOURN_CLIENT_KEY_FILE',
  'SOJOURN_CLIENT_SECRET',
  'SOJOURN_CLIENT_SECRET_FILE',
  'SOJOURN_WORKLOAD_TOKEN_FILE',
];

/** Removed: each of these selects another identity, and most take precedence over the endpoint. */
const otherIdentities: Readonly<Record<Credentials['cloud'], readonly string[]>> = {
  aws: [
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'AWS_SESSION_TOKEN',
    // Also read by the SDK for Go and the SDK for Java 1.x.
    'AWS_ACCESS_KEY',
    'AWS_SECRET_KEY',
    // Takes precedence over every other identity, for this service only.
    'AWS_BEARER_TOKEN_BEDROCK',
    'AWS_PROFILE',
    'AWS_DEFAULT_PROFILE',
    'AWS_ROLE_ARN',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
    'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
  ],
  azure: [
    'AZURE_CLIENT_ID',
    'AZURE_CLIENT_SECRET',
    'AZURE_CLIENT_CERTIFICATE_PATH',
    'AZURE_CLIENT_CERTIFICATE_PASSWORD',
    'AZURE_FEDERATED_TOKEN_FILE',
    'AZURE_USERNAME',
    'AZURE_PASSWORD',
    'MSI_ENDPOINT',
    'MSI_SECRET',
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
  gcp: [
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
};

/** The file with an access token for gcloud, which cannot use an endpoint. */
export const gcpTokenFile = (folder: string): string => join(folder, 'gcp-token');

/** Creates the environment of the child program. Writes files to `folder`, readable by this user only. */
export async function environmentFor(
  clouds: Iterable<Credentials['cloud']>,
  { origin, secret }: Pick<Endpoint, 'origin' | 'secret'>,
  folder: string,
  env: Environment,
): Promise<Environment> {
  const file = async (name: string, content: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, content, { mode: 0o600, flag: 'wx' });
    return path;
  };
  const variablesFor: Readonly<Record<Credentials['cloud'], () => Promise<Variables>>> = {
    async aws() {
      // An empty file: a profile in the user's own files would take precedence over the endpoint.
      const empty = await file('aws', '');
      return {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: origin + protocols.aws.path,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: secret,
        AWS_SHARED_CREDENTIALS_FILE: empty,
        AWS_CONFIG_FILE: empty,
        AWS_EC2_METADATA_DISABLED: 'true',
      };
    },
    azure: async () => ({
      IDENTITY_ENDPOINT: origin + protocols.azure.path,
      IDENTITY_HEADER: secret,
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
    }),
    async gcp() {
      const account = {
        type: 'external_account',
        universe_domain: 'googleapis.com',
        // The endpoint ignores it; the libraries require this format.
        audience:
          '//iam.googleapis.com/projects/0/locations/global/workloadIdentityPools/sojourn/providers/sojourn',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: origin + protocols.gcp.path,
        credential_source: { file: await file('gcp-secret', secret) },
      };
      const path = await file('gcp.json', JSON.stringify(account));
      return {
        GOOGLE_APPLICATION_CREDENTIALS: path,
        CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: gcpTokenFile(folder),
      };
    },
  };
  const childEnv = new Map(Object.entries(env));
  for (const name of sojournVariables) childEnv.delete(name);
  for (const cloud of clouds) {
    for (const name of otherIdentities[cloud]) childEnv.delete(name);
    for (const [name, value] of Object.entries(await variablesFor[cloud]())) childEnv.set(name, value);
  }
  return Object.fromEntries(childEnv);
}
