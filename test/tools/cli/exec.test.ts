/** Programs in the environment of `sojourn exec`, and unmodified tools that run `sojourn credentials`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import * as gcp from '../../../src/sandbox/demo/customer/gcp.ts';
import { loopbackOnly } from '../../support/no-network.ts';
import { testWith } from '../../support/programs.ts';
import { apiToken, script } from '../sdk/arrange.ts';
import { openStage, type Stage } from '../sdk/stage.ts';

// Each test starts a program in a program.
jest.setTimeout(60_000);

const root = join(import.meta.dirname, '../../..');
const sojourn = [process.execPath, join(root, 'bin/sojourn.js')];
const folder = mkdtempSync(join(tmpdir(), 'sojourn-cli-exec-'));
/** Where exec creates its folder; after each test nothing may be left here. */
const scratch = join(folder, 'tmp');
let stage: Stage;

beforeAll(async () => {
  mkdirSync(scratch);
  stage = await openStage();
}, 60_000);
afterEach(() => {
  expect(readdirSync(scratch)).toEqual([]);
});
afterAll(async () => {
  await stage.pipeline.close();
  rmSync(folder, { recursive: true });
});

function start(argv: readonly string[], more: Record<string, string> = {}) {
  const [name = '', ...args] = argv;
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    TMPDIR: scratch,
    ...loopbackOnly,
    ...stage.env,
    ...more,
  };
  return spawn(name, args, { cwd: root, env, timeout: 30_000 });
}

async function run(argv: readonly string[], more: Record<string, string> = {}) {
  const child = start(argv, more);
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, out, err };
}

const exec = (
  connections: readonly { id: string }[],
  program: readonly string[],
  more?: Record<string, string>,
) => run([...sojourn, 'exec', ...connections.map(({ id }) => id), '--', ...program], more);
const node = (source: string) => [process.execPath, '--input-type=module', '-e', source];

const projectId = (sandbox: string) => `
  import { GoogleAuth } from 'google-auth-library';
  const auth = new GoogleAuth({ scopes: 'https://www.googleapis.com/auth/cloud-platform' });
  console.log((await auth.request({ url: '${sandbox}/gcp/v3/projects/acme-prod' })).data.projectId);`;

/** Each of these selects another identity for some library or tool. */
const mine = Object.fromEntries(
  [
    'AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN AWS_ACCESS_KEY AWS_SECRET_KEY',
    'AWS_BEARER_TOKEN_BEDROCK AWS_PROFILE AWS_DEFAULT_PROFILE AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE',
    'AZURE_CLIENT_ID AZURE_CLIENT_SECRET AZURE_CLIENT_CERTIFICATE_PATH AZURE_CLIENT_CERTIFICATE_PASSWORD',
    'AZURE_FEDERATED_TOKEN_FILE AZURE_USERNAME AZURE_PASSWORD MSI_ENDPOINT MSI_SECRET',
    'IDENTITY_SERVER_THUMBPRINT ARM_CLIENT_ID ARM_CLIENT_ID_FILE_PATH ARM_CLIENT_SECRET',
    'ARM_CLIENT_SECRET_FILE_PATH ARM_CLIENT_CERTIFICATE ARM_CLIENT_CERTIFICATE_PATH',
    'ARM_CLIENT_CERTIFICATE_PASSWORD ARM_OIDC_TOKEN ARM_OIDC_TOKEN_FILE_PATH ARM_OIDC_REQUEST_TOKEN',
    'ARM_OIDC_REQUEST_URL ARM_USE_OIDC ARM_USE_AKS_WORKLOAD_IDENTITY ARM_USE_MSI ARM_MSI_ENDPOINT',
    'GOOGLE_CREDENTIALS GOOGLE_CLOUD_KEYFILE_JSON GCLOUD_KEYFILE_JSON GOOGLE_OAUTH_ACCESS_TOKEN',
    'GOOGLE_IMPERSONATE_SERVICE_ACCOUNT GOOGLE_CLOUD_CREDENTIALS GOOGLE_CLOUD_CREDENTIALS_JSON',
    'GOOGLE_CLOUD_KEYFILE GCLOUD_KEYFILE CLOUDSDK_AUTH_ACCESS_TOKEN',
    'CLOUDSDK_AUTH_CREDENTIAL_FILE_OVERRIDE CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT',
  ].flatMap((line) => line.split(' ').map((name) => [name, 'mine'])),
);

describe('a program of sojourn exec', () => {
  test('gets the endpoint of each cloud, no other identity and no access to the server', async () => {
    const { aws, azure, gcp } = stage.customer;
    const { code, out, err } = await exec(
      [aws, azure, gcp],
      node('console.log(JSON.stringify(process.env))'),
      {
        ...mine,
        SOJOURN_ADMIN_TOKEN: 'admin-token',
        AWS_REGION: 'us-east-1',
      },
    );
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const given = JSON.parse(out) as Record<string, string>;
    for (const own of ['PATH', 'HOME', 'TMPDIR']) delete given[own];
    const origin = given.IDENTITY_ENDPOINT?.replace('/azure', '');
    const own = expect.stringMatching(/\/tmp\/sojourn-exec-\w+\/[\w.-]+$/);
    expect(given).toEqual({
      ...loopbackOnly,
      SOJOURN_ISSUER: stage.pipeline.issuer,
      SOJOURN_CLIENT_ID: stage.env.SOJOURN_CLIENT_ID,
      AWS_REGION: 'us-east-1',
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${origin}/aws`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: expect.stringMatching(/^[\w-]{43}$/),
      AWS_SHARED_CREDENTIALS_FILE: own,
      AWS_CONFIG_FILE: own,
      AWS_EC2_METADATA_DISABLED: 'true',
      IDENTITY_ENDPOINT: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/azure$/),
      IDENTITY_HEADER: given.AWS_CONTAINER_AUTHORIZATION_TOKEN,
      MSI_ENDPOINT: given.IDENTITY_ENDPOINT,
      MSI_SECRET: given.AWS_CONTAINER_AUTHORIZATION_TOKEN,
      AZURE_TOKEN_CREDENTIALS: 'ManagedIdentityCredential',
      GOOGLE_APPLICATION_CREDENTIALS: own,
      CLOUDSDK_AUTH_ACCESS_TOKEN_FILE: own,
    });
    expect(JSON.stringify(given)).not.toMatch(/sjs_|mine/);
  });

  test('knows the region and the project of its connections, and can use the form of 2017 at Azure', async () => {
    const program = node(`
      import { readFileSync } from 'node:fs';
      const { AWS_REGION, AWS_DEFAULT_REGION, GOOGLE_APPLICATION_CREDENTIALS, MSI_ENDPOINT, MSI_SECRET } = process.env;
      const url = MSI_ENDPOINT + '?resource=https://management.azure.com&api-version=2017-09-01';
      const [right, wrong] = await Promise.all(
        [MSI_SECRET, 'wrong'].map((secret) => fetch(url, { headers: { secret } })),
      );
      console.log(JSON.stringify({
        AWS_REGION,
        AWS_DEFAULT_REGION,
        audience: JSON.parse(readFileSync(GOOGLE_APPLICATION_CREDENTIALS)).audience,
        azure: [right.status, Object.keys(await right.json()), wrong.status],
      }));`);
    const { aws, azure, gcp } = stage.customer;
    const { code, out, err } = await exec([aws, azure, gcp], program);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toEqual({
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      audience:
        '//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/sojourn/providers/sojourn',
      azure: [200, ['access_token', 'expires_on', 'token_type'], 401],
    });
  });

  test('keeps its own exit code, output and errors', async () => {
    const { aws } = stage.customer;
    expect(await exec([aws], ['sh', '-c', 'echo "$1"; echo two >&2; exit 7', 'sh', '--json'])).toEqual({
      code: 7,
      out: '--json\n',
      err: 'two\n',
    });
    expect(await exec([aws], ['no-such-program'])).toEqual({
      code: 127,
      out: '',
      err: 'Cannot run the program no-such-program (ENOENT).\n→ Check its name and PATH.\n',
    });
  });

  test.each([
    ['SIGTERM', 'trap "exit 9" TERM', 9],
    ['SIGTERM', ':', 143],
    ['SIGINT', 'trap "exit 8" INT', 8],
  ] as const)('receives %s (%s)', async (signal, trap, code) => {
    const program = ['sh', '-c', `${trap}; echo ready; while :; do sleep 0.05; done`];
    const child = start([...sojourn, 'exec', stage.customer.aws.id, '--', ...program]);
    await once(child.stdout, 'data');
    child.kill(signal);
    const [ended] = await once(child, 'close');
    expect(ended).toBe(code);
  });

  test('is not started without credentials', async () => {
    const trace = join(folder, 'started');
    const stranger = { id: 'con_01jd0000000000000000000000' };
    expect(await exec([stranger], ['touch', trace])).toEqual({
      code: 1,
      out: '',
      err: 'There is no such connection, or the client may not use it.\n→ Check the connection id, and that the client may use it (`sojourn client show`).\n',
    });
    const { aws } = stage.customer;
    expect(await exec([aws, aws], ['touch', trace])).toEqual({
      code: 2,
      out: '',
      err: 'Give only one connection to aws: a program has one identity per cloud.\n',
    });
    expect(existsSync(trace)).toBe(false);
  });

  test('is the only program that gets credentials from the endpoint', async () => {
    const { aws, azure, gcp } = stage.customer;
    const source = `
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: secret } = process.env;
      const origin = new URL(url).origin;
      const ask = async (path, init) => {
        const answer = await fetch(origin + path, init);
        return answer.status + ' ' + (await answer.text());
      };
      const wrong = ['Bearer ' + secret, 'x', secret + 'x', ''];
      for (const one of wrong) console.log(await ask('/aws', { headers: { authorization: one } }));
      console.log(await ask('/azure', { headers: { authorization: secret } }));
      console.log(await ask('/gcp', { method: 'POST', body: 'x'.repeat(20000) }));
      console.log(await ask('/aws', { method: 'POST', headers: { authorization: secret } }));
      console.log(await ask('/', { headers: { authorization: secret } }));`;
    const { out, err } = await exec([aws, azure, gcp], node(source));
    const words =
      'This endpoint belongs to another program. Use the environment variables that `sojourn exec` set for the program.';
    expect({ out, err }).toEqual({
      out: [
        ...Array(4).fill(`401 ${JSON.stringify({ Code: 'unauthorized', Message: words })}`),
        `401 ${JSON.stringify({ error: 'unauthorized', error_description: words, message: words })}`,
        `401 ${JSON.stringify({ error: 'unauthorized', error_description: words })}`,
        '404 {}',
        '404 {}',
        '',
      ].join('\n'),
      err: '',
    });
  });
});

describe('a signal before sojourn exec starts the program:', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const)('%s leaves no file behind and starts nothing', async (signal, code) => {
    const server = await script();
    try {
      // The first credentials are expired, so exec fetches again for the token file, and that response never comes.
      const over = {
        connection: 'con_1',
        cloud: 'gcp',
        expires_at: new Date().toISOString(),
        credentials: { access_token: 'ya29.over', token_type: 'Bearer' },
      };
      const path = 'GET /v1/connections/con_1/credentials';
      server.answers = { 'POST /token': [apiToken()], [path]: [{ body: over }, { instead: 'silence' }] };
      const trace = join(folder, 'started');
      const child = start([...sojourn, 'exec', 'con_1', '--', 'touch', trace], {
        SOJOURN_ISSUER: server.origin,
      });
      const output = Promise.all([text(child.stdout), text(child.stderr)]);
      while (server.heard.filter(({ request }) => request === path).length < 2)
        await new Promise((resolve) => setTimeout(resolve, 5));
      expect(readdirSync(scratch)).toHaveLength(1);
      child.kill(signal);
      const [ended] = await once(child, 'close');
      expect({ ended, output: await output }).toEqual({ ended: code, output: ['', ''] });
      expect(existsSync(trace)).toBe(false);
      expect(readdirSync(scratch)).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe('sojourn exec serves the unmodified library', () => {
  const sandbox = () => stage.pipeline.sandbox;

  test('the AWS SDK for JavaScript', async () => {
    const source = `
      import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
      const sts = new STSClient({ region: 'us-east-1', endpoint: '${sandbox()}/aws' });
      console.log((await sts.send(new GetCallerIdentityCommand({}))).Arn);`;
    const { out, err } = await exec([stage.customer.aws], node(source));
    expect({ out, err }).toEqual({
      out: expect.stringMatching(/^arn:aws:sts::111122223333:assumed-role\//),
      err: '',
    });
  });

  test('the Azure SDK for JavaScript', async () => {
    const source = `
      import { DefaultAzureCredential } from '@azure/identity';
      const { token } = await new DefaultAzureCredential().getToken('https://management.azure.com/.default');
      const answer = await fetch('${sandbox()}/azure/subscriptions/aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee/resourcegroups?api-version=2021-04-01', {
        headers: { authorization: 'Bearer ' + token },
      });
      console.log((await answer.json()).value.map(({ name }) => name).join());`;
    expect(await exec([stage.customer.azure], node(source))).toEqual({
      code: 0,
      out: 'workloads\n',
      err: '',
    });
  });

  test('google-auth-library', async () => {
    const more = { GOOGLE_CLOUD_PROJECT: 'acme-prod' };
    expect(await exec([stage.customer.gcp], node(projectId(sandbox())), more)).toEqual({
      code: 0,
      out: 'acme-prod\n',
      err: '',
    });
  });
});

describe('sojourn exec serves the unmodified program', () => {
  testWith(['aws'])('the AWS CLI', async () => {
    const program = ['aws', 'sts', 'get-caller-identity', '--endpoint-url', `${stage.pipeline.sandbox}/aws`];
    const { code, out, err } = await exec([stage.customer.aws], program, { AWS_DEFAULT_REGION: 'us-east-1' });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ Account: '111122223333' });
  });

  testWith(['gcloud'])('gcloud', async () => {
    const { sandbox } = stage.pipeline;
    const more = {
      CLOUDSDK_CONFIG: join(folder, 'gcloud'),
      CLOUDSDK_CORE_DISABLE_USAGE_REPORTING: '1',
      CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK: '1',
      CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDRESOURCEMANAGER: `${sandbox}/gcp/`,
    };
    const program = ['gcloud', 'projects', 'describe', 'acme-prod', '--format=value(projectId)'];
    expect(await exec([stage.customer.gcp], program, more)).toEqual({ code: 0, out: 'acme-prod\n', err: '' });
  });
});

describe('sojourn credentials serves the unmodified tool', () => {
  const [binary, program] = sojourn;
  const stranger = { id: 'con_01jd0000000000000000000000' };
  const words =
    'There is no such connection, or the client may not use it.\n→ Check the connection id, and that the client may use it (`sojourn client show`).';

  testWith(['aws'])('the AWS CLI, with the profile of sojourn config', async () => {
    const config = async ({ id }: { id: string }, profile: string) => {
      const options = ['--tool', 'aws', '--profile', profile, '--command', `${binary} ${program}`];
      const admin = {
        SOJOURN_ADMIN_URL: stage.pipeline.server.adminOrigin,
        SOJOURN_ADMIN_TOKEN: stage.pipeline.server.adminToken,
      };
      const { out } = await run([...sojourn, 'config', id, ...options], admin);
      return out;
    };
    const good = await config(stage.customer.aws, 'acme');
    const file = join(folder, 'aws-config');
    writeFileSync(file, good + good.replace('acme', 'stranger').replace(stage.customer.aws.id, stranger.id));
    const identity = (profile: string) =>
      run(
        [
          'aws',
          'sts',
          'get-caller-identity',
          '--endpoint-url',
          `${stage.pipeline.sandbox}/aws`,
          '--profile',
          profile,
        ],
        {
          AWS_CONFIG_FILE: file,
        },
      );
    const { code, out, err } = await identity('acme');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(JSON.parse(out)).toMatchObject({ Account: '111122223333' });
    const refused = await identity('stranger');
    expect(refused).toMatchObject({ out: '', err: expect.stringContaining(words) });
    expect(refused.code).not.toBe(0);
  });

  test('google-auth-library, as an executable-sourced credential', async () => {
    const { sandbox } = stage.pipeline;
    const account = (connection: { id: string }) => {
      const file = join(folder, `${connection.id}.json`);
      const whole = {
        type: 'external_account',
        audience: stage.customer.gcp.audience.replace('https:', ''),
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${sandbox}/gcp/v1/token`,
        service_account_impersonation_url: `${sandbox}/gcp/v1/projects/-/serviceAccounts/${gcp.serviceAccount}:generateAccessToken`,
        credential_source: {
          executable: {
            command: `${binary} ${program} credentials ${connection.id} --format gcp`,
            timeout_millis: 30_000,
          },
        },
      };
      writeFileSync(file, JSON.stringify(whole));
      return run(node(projectId(sandbox)), {
        GOOGLE_APPLICATION_CREDENTIALS: file,
        GOOGLE_CLOUD_PROJECT: 'acme-prod',
        GOOGLE_EXTERNAL_ACCOUNT_ALLOW_EXECUTABLES: '1',
      });
    };
    expect(await account(stage.customer.gcp)).toEqual({ code: 0, out: 'acme-prod\n', err: '' });
    expect(await account(stranger)).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining(
        '{"version":1,"success":false,"code":"connection_not_found","message":"There is no such connection, or the client may not use it. Check the connection id, and that the client may use it (`sojourn client show`)."}',
      ),
    });
  });
});
