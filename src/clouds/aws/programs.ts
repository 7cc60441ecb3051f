/** How AWS SDKs, the AWS CLI and Terraform receive credentials on a client's machine. */
import type { Programs } from '../contract/programs.ts';
import { credentialsCommand, shellVariables, stringOrEmpty } from '../tool-text.ts';
import { configOf, formats, regionVariables } from './formats.ts';
import { setupOptions } from './setup-options.ts';
import { upload } from './upload-command.ts';

export const programs: Programs = {
  title: 'AWS',
  formats,
  exec: {
    example: 'aws s3 ls',
    otherIdentities: [
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
    async variables({ url, secret, file, issued, env }) {
      // An empty file: a profile in the user's own files would take precedence over the endpoint.
      const empty = await file('aws', '');
      return {
        AWS_CONTAINER_CREDENTIALS_FULL_URI: url,
        AWS_CONTAINER_AUTHORIZATION_TOKEN: secret,
        AWS_SHARED_CREDENTIALS_FILE: empty,
        AWS_CONFIG_FILE: empty,
        AWS_EC2_METADATA_DISABLED: 'true',
        // The user's own files, which could name one, are hidden. Their variables take precedence.
        ...(env.AWS_REGION || env.AWS_DEFAULT_REGION ? {} : regionVariables(issued)),
      };
    },
    // https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html
    endpoint: {
      method: 'GET',
      secretOf: ({ authorization }) => authorization,
      credentials: formats['aws-container'],
      error: ({ code, detail, advice }) => ({ Code: code, Message: `${detail} ${advice}` }),
    },
  },
  agent: {
    fields: {
      /** Whether the container endpoint serves the connection. Default: true if there is no token file. */
      container_endpoint: { type: 'flag' },
      /** A configuration file for AWS_CONFIG_FILE, with the region of the connection. */
      config_file: { type: 'file' },
    },
    cachesCredentials: ({ container_endpoint, token_file, config_file }) =>
      config_file !== undefined ||
      (container_endpoint === undefined ? token_file === undefined : container_endpoint === true),
    credentialsFiles: { config_file: configOf },
    defaultFormat: 'aws-container',
  },
  config: {
    tools: {
      // https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
      aws: {
        write: (connection, options) =>
          [
            `[profile ${options.profile}]`,
            ...(stringOrEmpty(connection.target.region) === ''
              ? []
              : [`region = ${connection.target.region}`]),
            `credential_process = ${credentialsCommand(options, connection, 'aws-process')}`,
            '',
          ].join('\n'),
        nextStep: ({ profile }) => `Add this to ~/.aws/config, and select it with AWS_PROFILE=${profile}.`,
        acceptsPurpose: true,
      },
    },
    terraform: {
      write: (_, { profile }) => shellVariables({ AWS_PROFILE: profile }),
      prerequisite: 'the profile from --tool aws',
    },
    options: [
      { flags: '--profile <name>', description: 'name of the AWS profile (default: the connection id)' },
    ],
    fileExtension: 'token',
  },
  upload,
  setupOptions,
};
