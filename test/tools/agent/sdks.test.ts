/** Unmodified SDKs and command lines use the sandbox clouds through a real agent and a real server. */
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fromHttp } from '@aws-sdk/credential-providers';
import { beforeAll, describe, expect, test } from '@jest/globals';
import * as azure from '../../../src/sandbox/demo/customer/azure.ts';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { useOnce } from '../../../src/sandbox/demo/use.ts';
import { startSandbox } from '../../../src/sandbox/index.ts';
import { askedOf, azureLog, gcpLog } from '../../e2e/cloud-log.ts';
import { type Customer, cloudsAt, connectCustomer, places } from '../../e2e/customer.ts';
import { type EntraFront, startEntraFront } from '../../e2e/entra-front.ts';
import { type ServerProcess, sojournProgram } from '../../e2e/process.ts';
import { later, newFolder, server, steadyPort } from '../../e2e/stage.ts';
import { loopbackOnly } from '../../support/no-network.ts';
import { obstacleTo } from '../../support/programs.ts';
import type { TestClient } from '../../support/server.ts';
import { type AgentProcess, startAgentProcess } from './process.ts';

const timeout = 60_000;
const root = join(import.meta.dirname, '../../..');

let sandbox: string;
let sojourn: ServerProcess;
let customer: Customer;
let client: TestClient;
let agent: AgentProcess;
let front: EntraFront;

beforeAll(async () => {
  const clouds = await startSandbox({ listen: { host: '127.0.0.1', port: 0 } });
  later(() => clouds.close());
  sandbox = clouds.origin;
  sojourn = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    config: { clouds: cloudsAt(sandbox) },
  });
  customer = await connectCustomer(sojourn.admin, sandbox);
  for (const { id } of [customer.azure, customer.gcp])
    await sojourn.admin.patch(`/connections/${id}`, { token_ttl: 900 });
  client = await sojourn.admin.post<TestClient>('/clients', {
    name: 'workload',
    may_use: [{ tenant: customer.tenant }],
  });
  agent = await startAgentProcess({
    issuer: sojourn.issuer,
    client,
    connections: [
      { id: customer.aws.id, aws: { container_endpoint: true, token_file: 'aws' } },
      { id: customer.azure.id, azure: { token_file: 'azure' } },
      {
        id: customer.gcp.id,
        gcp: {
          token_file: 'gcp',
          credentials_file: 'gcp.json',
          service_account: gcp.serviceAccount,
          sts_endpoint: `${sandbox}/gcp`,
          iam_credentials_endpoint: `${sandbox}/gcp`,
        },
      },
    ],
  });
  front = await startEntraFront(sandbox);
}, timeout);

const run = promisify(execFile);

/** The output of the program, which gets only these environment variables. */
async function output(
  program: string,
  args: readonly string[],
  env: Record<string, string>,
): Promise<string> {
  const folder = await newFolder();
  const { stdout } = await run(program, [...args], {
    env: { PATH: process.env.PATH ?? '', HOME: folder, ...loopbackOnly, ...env },
    cwd: root,
    timeout,
  });
  return stdout.trim();
}

const node = (name: string, env: Record<string, string>, ...args: string[]) =>
  output(process.execPath, [join(root, name), ...args], env);

describe('AWS', () => {
  const methods = ['container endpoint', 'token file', 'credential_process', 'variables'] as const;

  async function environmentFor(method: (typeof methods)[number]): Promise<Record<string, string>> {
    const common = {
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_STS: `${sandbox}/aws`,
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    switch (method) {
      case 'container endpoint':
        return {
          ...common,
          AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.origin}/v1/credentials/${customer.aws.id}`,
          AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: join(agent.directory, 'authorization'),
        };
      case 'token file':
        return {
          ...common,
          AWS_WEB_IDENTITY_TOKEN_FILE: join(agent.directory, 'aws'),
          AWS_ROLE_ARN: customer.aws.target.role_arn,
          AWS_ROLE_SESSION_NAME: 'workload',
        };
      case 'credential_process': {
        const file = join(await newFolder(), 'config');
        const command = `${process.execPath} ${sojournProgram} credentials ${customer.aws.id} --format aws-process --agent ${agent.directory}`;
        await writeFile(file, `[profile acme]\ncredential_process = ${command}\n`);
        return { ...common, AWS_CONFIG_FILE: file, AWS_PROFILE: 'acme' };
      }
      case 'variables': {
        const keys = JSON.parse(
          await output(
            process.execPath,
            [sojournProgram, 'credentials', customer.aws.id, '--format', 'aws-process'],
            { SOJOURN_AGENT_DIRECTORY: agent.directory },
          ),
        ) as Record<string, string>;
        return {
          ...common,
          AWS_ACCESS_KEY_ID: keys.AccessKeyId ?? '',
          AWS_SECRET_ACCESS_KEY: keys.SecretAccessKey ?? '',
          AWS_SESSION_TOKEN: keys.SessionToken ?? '',
        };
      }
    }
  }

  const python = `import boto3
print(boto3.client('sts').get_caller_identity()['Arn'])`;
  const programs = {
    'AWS SDK for JavaScript': (env: Record<string, string>) => node('examples/agent-aws/main.ts', env),
    'AWS CLI': (env: Record<string, string>) =>
      output('aws', ['sts', 'get-caller-identity', '--query', 'Arn', '--output', 'text'], env),
    boto3: (env: Record<string, string>) => output('python3', ['-c', python], env),
  };
  const needs: Readonly<Record<string, string>> = { 'AWS CLI': 'aws', boto3: 'boto3' };

  for (const [name, program] of Object.entries(programs)) {
    const obstacle = needs[name] === undefined ? undefined : obstacleTo(needs[name]);
    if (obstacle !== undefined) test.todo(`the ${name}: not run, because it ${obstacle}`);
    // All three read the variables in the same way, so one test is enough.
    else
      test.each(name === 'AWS SDK for JavaScript' ? methods : methods.slice(0, 3))(
        `the ${name} gets the identity of the connection by %s`,
        async (method) => {
          const env = await environmentFor(method);
          const { result, log } = await askedOf(sandbox, 'aws', () => program(env));
          const role = customer.aws.target.role_arn
            .replace(':iam:', ':sts:')
            .replace(':role/', ':assumed-role/');
          expect(result).toContain(`${role}/${method === 'token file' ? 'workload' : customer.aws.id}`);
          // With the token file the program assumes the role itself; the other methods use the server's cached credentials.
          expect(log.map(({ operation }) => operation)).toEqual([
            ...(method === 'token file' ? ['sts:AssumeRoleWithWebIdentity'] : []),
            'sts:GetCallerIdentity',
          ]);
        },
        timeout,
      );
  }

  test('the error of the AWS SDK contains the agent’s message and advice', async () => {
    const provider = fromHttp({
      awsContainerCredentialsFullUri: `${agent.origin}/v1/credentials/${customer.aws.id}`,
      awsContainerAuthorizationToken: 'wrong',
      maxRetries: 0,
    });
    await expect(provider()).rejects.toMatchObject({
      name: 'CredentialsProviderError',
      message: 'Server responded with status: 403',
      Code: 'agent_forbidden',
      Message:
        'The agent refuses this caller. Send the content of the file `authorization` from the directory of the agent as the header `Authorization`, to the address of the agent itself, and not from a web page.',
    });
  });
});

describe('Google Cloud', () => {
  const sources = ['file', 'url', 'executable'] as const;

  /** The agent's file for the source `file`, and a copy with another credential source for the others. */
  async function credentialsFor(source: (typeof sources)[number]): Promise<string> {
    const written = join(agent.directory, 'gcp.json');
    if (source === 'file') return written;
    const account = JSON.parse(await readFile(written, 'utf8')) as Record<string, unknown>;
    const command = `${process.execPath} ${sojournProgram} credentials ${customer.gcp.id} --format gcp --agent ${agent.directory}`;
    const credential_source =
      source === 'executable'
        ? { executable: { command, timeout_millis: 15_000 } }
        : {
            url: `${agent.origin}/v1/token/${customer.gcp.id}`,
            headers: { Authorization: await readFile(join(agent.directory, 'authorization'), 'utf8') },
            format: { type: 'json', subject_token_field_name: 'access_token' },
          };
    const file = join(await newFolder(), 'gcp.json');
    await writeFile(file, JSON.stringify({ ...account, credential_source }));
    return file;
  }

  const environmentFor = async (source: (typeof sources)[number]) => ({
    GOOGLE_APPLICATION_CREDENTIALS: await credentialsFor(source),
    GOOGLE_CLOUD_PROJECT: gcp.projectId,
    GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1',
  });

  test.each(sources)(
    'google-auth-library reads the project with the credential source %s',
    async (source) => {
      const env = await environmentFor(source);
      const { result, log } = await askedOf(sandbox, 'gcp', () =>
        node('examples/agent-gcp/main.ts', { ...env, SANDBOX: sandbox }),
      );
      expect(result).toBe(`project ${gcp.projectId}`);
      expect(log).toEqual(gcpLog);
    },
    timeout,
  );

  if (obstacleTo('gcloud') !== undefined) test.todo('gcloud: not run, because it is not installed');
  else
    test.each(sources)(
      'gcloud gets an access token with the credential source %s',
      async (source) => {
        const env = await environmentFor(source);
        const { result, log } = await askedOf(sandbox, 'gcp', () =>
          output('gcloud', ['auth', 'application-default', 'print-access-token'], env),
        );
        const credentials = { access_token: result };
        // To impersonate a service account, Google's library for Python requests only the scope that needs.
        const detail = { scope: 'https://www.googleapis.com/auth/iam' };
        expect(log).toEqual([{ ...gcpLog[0], detail }, gcpLog[1]]);
        expect(await useOnce(sandbox, { cloud: 'gcp', expires_at: '', credentials }, places)).toBe(
          `project ${gcp.projectId}`,
        );
      },
      timeout,
    );
});

describe('Azure', () => {
  test.each(['workload', 'assertion'])(
    '@azure/identity gets an access token with its %s credential',
    async (type) => {
      const { result, log } = await askedOf(sandbox, 'azure', async () => {
        const access_token = await node(
          'test/tools/agent/programs/azure.ts',
          {
            AZURE_TENANT_ID: azure.tenantId,
            AZURE_CLIENT_ID: customer.azure.target.client_id,
            AZURE_FEDERATED_TOKEN_FILE: join(agent.directory, 'azure'),
            AZURE_AUTHORITY_HOST: front.origin,
            NODE_EXTRA_CA_CERTS: front.caFile,
          },
          type,
        );
        return useOnce(sandbox, { cloud: 'azure', expires_at: '', credentials: { access_token } }, places);
      });
      expect(result).toBe('resource groups: workloads');
      expect(log).toEqual(azureLog(customer.azure));
    },
    timeout,
  );
});

test('the agent signs in once and makes one request for each value, and its log contains no secret', async () => {
  const { items } = await sojourn.admin.get<{ items: { event: string }[] }>('/audit?limit=200');
  const count = (event: string) => items.filter((item) => item.event === event).length;
  expect([count('credentials.served'), count('token.issued')]).toEqual([1, 4]);
  const files = await Promise.all(
    ['authorization', 'aws', 'azure', 'gcp'].map((name) => readFile(join(agent.directory, name), 'utf8')),
  );
  for (const secret of [...files, agent.secret]) expect(agent.output()).not.toContain(secret);
});
