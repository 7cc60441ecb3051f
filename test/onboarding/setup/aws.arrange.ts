/** What an administrator of an AWS account does with the files: the SDK, the shell with the real command line, Terraform. */

import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStacksCommand,
  type Parameter,
} from '@aws-sdk/client-cloudformation';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { cloudFormationOf } from '../../support/aws-sandbox.ts';
import { loopbackOnly } from '../../support/no-network.ts';

export const iamOf = (endpoint: string, account: string) =>
  new IAMClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: account, secretAccessKey: 'any' },
    maxAttempts: 1,
  });

export const rolesIn = async (endpoint: string, account: string) =>
  ((await iamOf(endpoint, account).send(new ListRolesCommand({}))).Roles ?? []).map(
    ({ RoleName }) => RoleName,
  );

export async function deploy(
  origin: string,
  account: string,
  template: string,
  given: Record<string, string> = {},
  StackName = 'sojourn',
) {
  const client = cloudFormationOf(origin, account);
  const Parameters = Object.entries(given).map(
    ([ParameterKey, ParameterValue]): Parameter => ({ ParameterKey, ParameterValue }),
  );
  const Capabilities = ['CAPABILITY_NAMED_IAM' as const];
  await client.send(new CreateStackCommand({ StackName, TemplateBody: template, Capabilities, Parameters }));
  const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName }));
  return {
    status: Stacks[0]?.StackStatus,
    outputs: Object.fromEntries(
      (Stacks[0]?.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue ?? '']),
    ),
    async remove() {
      await client.send(new DeleteStackCommand({ StackName }));
    },
  };
}

export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program with an environment of its own, which is put an end to after five minutes. */
export function runProgram(
  command: string,
  args: readonly string[],
  { cwd, env }: { cwd: string; env: Record<string, string> },
): Promise<Ran> {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd, ...loopbackOnly, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 280_000,
    killSignal: 'SIGKILL',
  });
  const read = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name].setEncoding('utf8').on('data', (part: string) => {
      read[name] += part;
    });
  return new Promise((resolve) => child.on('close', (status) => resolve({ status, ...read })));
}

/** The environment in which the command line and Terraform are the administrator of that account, at that address. */
export const administrator = (endpoint: string, account: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: account,
  AWS_SECRET_ACCESS_KEY: 'any',
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
});

/** Where the tests' machine may keep providers of Terraform, so that none is fetched. */
export const pluginFolders = ['/opt/tf-plugins', join(process.env.HOME ?? '/', '.terraform.d/plugins')];

const endpoints = (url: string) => `provider "aws" {
  skip_requesting_account_id  = false
  skip_credentials_validation = true
  skip_metadata_api_check     = true

  endpoints {
    iam = "${url}"
    sts = "${url}"
  }
}
`;

/** `terraform init` and `apply` in that folder, with the outputs. */
export async function applyTerraform(
  cwd: string,
  {
    main,
    url,
    account,
    plugins,
    variables = [],
  }: {
    main: string;
    url: string;
    account: string;
    plugins: string;
    variables?: readonly string[];
  },
): Promise<Ran & { readonly outputs: Readonly<Record<string, { readonly value: string }>> }> {
  writeFileSync(join(cwd, 'main.tf'), main);
  writeFileSync(join(cwd, 'endpoints.tf'), endpoints(url));
  const env = { ...administrator(url, account), CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' };
  const terraform = (...args: readonly string[]) => runProgram('terraform', args, { cwd, env });
  const begun = await terraform('init', `-plugin-dir=${plugins}`, '-input=false', '-no-color');
  if (begun.status !== 0) return { ...begun, outputs: {} };
  const applied = await terraform(
    ...['apply', '-auto-approve', '-input=false', '-no-color', '-parallelism=4'],
    ...variables.map((variable) => `-var=${variable}`),
  );
  const { stdout } = await terraform('output', '-json');
  return { ...applied, outputs: JSON.parse(stdout || '{}') as Record<string, { value: string }> };
}
