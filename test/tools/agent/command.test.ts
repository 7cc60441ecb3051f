/** `sojourn credentials` with a running agent, and purposes in the SDK, the commands and the agent. */
import { once } from 'node:events';
import { chmod, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { sojourn as command } from '../cli/arrange.ts';
import { openStage, type Stage } from '../sdk/stage.ts';
import { newFolder, removeFolders, type TestAgent, testAgent } from './arrange.ts';

jest.setTimeout(60_000);

const minute = 60_000;
const timestamp = expect.stringMatching(/^20\d\d-\d\d-\d\dT[\d:.]+Z$/);
let stage: Stage;
let agent: TestAgent;
let home: string;
const clock = { offset: 0 };

beforeAll(async () => {
  stage = await openStage();
  home = await newFolder();
  const { aws, azure, gcp } = stage.customer;
  const { admin } = stage.pipeline;
  await admin.patch(`/connections/${azure.id}`, { token_ttl: 900 });
  await admin.patch(`/connections/${aws.id}`, {
    target: { duration_seconds: 3600 },
    purposes: { short: { duration_seconds: 900 } },
  });
  await admin.patch(`/connections/${gcp.id}`, {
    target: { lifetime_seconds: 3600 },
    purposes: { short: { lifetime_seconds: 600 } },
  });
  agent = await testAgent(stage.pipeline.issuer, {
    sojourn: stage.sojourn(),
    now: () => Date.now() + clock.offset,
    connections: [
      { id: aws.id, aws: {} },
      { id: azure.id, azure: { token_file: 'acme', cache_credentials: true } },
      { id: gcp.id, gcp: { cache_credentials: true, token_file: 'acme-gcp' } },
    ],
  });
}, 60_000);
afterAll(async () => {
  await agent.close();
  await stage.pipeline.close();
  await removeFolders();
});

/** With a HOME for the compile cache. */
const sojourn = (args: readonly string[], env: Record<string, string> = {}) =>
  command(args, { HOME: home, ...env });

const events = async (event: string, query = '') =>
  (await stage.pipeline.admin.get<{ items: { event: string }[] }>(`/audit?limit=200${query}`)).items.filter(
    (item) => item.event === event,
  ).length;

/** The command without credentials for the server, as where only the agent may sign in. */
const credentials = (id: string, ...more: string[]) =>
  sojourn(['credentials', id, '--agent', agent.directory, ...more]);

describe('sojourn credentials with an agent', () => {
  test('prints the agent’s cached credentials in every format, without a request to the server', async () => {
    const { aws, azure, gcp } = stage.customer;
    const before = [await events('credentials.served'), await events('token.issued')];
    const parsed = async (id: string, format: string) => {
      const { code, out, err } = await credentials(id, '--format', format);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      return JSON.parse(out) as unknown;
    };
    const keys = {
      AccessKeyId: expect.stringMatching(/^ASIA/),
      SecretAccessKey: expect.any(String),
    };
    expect(await parsed(aws.id, 'aws-process')).toEqual({
      Version: 1,
      ...keys,
      SessionToken: expect.any(String),
      Expiration: timestamp,
      AccountId: '111122223333',
    });
    expect(await parsed(aws.id, 'aws-container')).toEqual({
      ...keys,
      Token: expect.any(String),
      Expiration: timestamp,
      AccountId: '111122223333',
    });
    expect(await parsed(aws.id, 'json')).toEqual({
      connection: aws.id,
      cloud: 'aws',
      expires_at: timestamp,
      credentials: {
        access_key_id: keys.AccessKeyId,
        secret_access_key: expect.any(String),
        session_token: expect.any(String),
        account_id: '111122223333',
        region: 'us-east-1',
      },
    });
    const env = await sojourn(['credentials', aws.id, '--format', 'env'], {
      SOJOURN_AGENT_DIRECTORY: agent.directory,
    });
    expect(env).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^export AWS_ACCESS_KEY_ID='ASIA\w+'\nexport AWS_SECRET_ACCESS_KEY='.+'\nexport AWS_SESSION_TOKEN='.+'\nexport AWS_CREDENTIAL_EXPIRATION='20.+Z'\nexport AWS_ACCOUNT_ID='111122223333'\nexport AWS_REGION='us-east-1'\nexport AWS_DEFAULT_REGION='us-east-1'\n$/,
      ),
      err: '',
    });
    expect(await parsed(azure.id, 'azure')).toEqual({
      access_token: expect.any(String),
      expires_on: expect.stringMatching(/^\d{10}$/),
      token_type: 'Bearer',
    });
    expect(await parsed(gcp.id, 'gcp')).toEqual({
      version: 1,
      success: true,
      token_type: 'urn:ietf:params:oauth:token-type:id_token',
      id_token: expect.stringMatching(/^ey/),
      expiration_time: expect.any(Number),
    });
    for (const { id, cloud } of [
      { ...azure, cloud: 'azure' },
      { ...gcp, cloud: 'gcp' },
    ])
      expect(await parsed(id, 'json')).toEqual({
        connection: id,
        cloud,
        expires_at: timestamp,
        credentials: {
          access_token: expect.any(String),
          token_type: 'Bearer',
          ...(cloud === 'gcp' ? { project_number: '123456789012' } : {}),
        },
      });
    expect([await events('credentials.served'), await events('token.issued')]).toEqual(before);
  });

  test('reports with advice what the agent does not serve', async () => {
    const { aws } = stage.customer;
    const notServed = {
      code: 1,
      out: '',
      err: 'The agent does not serve this for the connection, or not for this purpose.\n→ Check the connection, what it serves and its `purpose` in the configuration of the agent.\n',
    };
    expect(await credentials('con_01jd0000000000000000000000')).toEqual(notServed);
    expect(await credentials('../status')).toEqual(notServed);
    expect(await credentials(aws.id, '--purpose', 'short')).toEqual(notServed);
    expect(await credentials(aws.id, '--format', 'azure')).toEqual({
      code: 1,
      out: '',
      err: 'format: cannot be azure for a connection to aws\n→ Correct the fields that the detail names, then send the request again.\n',
    });
    expect(await credentials(aws.id, '--format', 'gcp')).toEqual({
      code: 1,
      out: `${JSON.stringify({ version: 1, success: false, code: 'not_found', message: notServed.err.replace('\n→', '').trim() })}\n`,
      err: notServed.err,
    });
    expect(await credentials(aws.id, '--issuer', 'https://id.example.com')).toEqual({
      code: 2,
      out: '',
      err: '--issuer and --workload-token-file cannot be combined with an agent: the agent signs in.\n',
    });
  });

  test('never signs in to the server if the agent is missing or another program answers', async () => {
    const { aws } = stage.customer;
    const directory = await newFolder();
    const run = () => sojourn(['credentials', aws.id], { ...stage.env, SOJOURN_AGENT_DIRECTORY: directory });
    const failed = (detail: string) => ({
      code: 1,
      out: '',
      err: `${detail}\n→ Start the agent with \`sojourn agent --config FILE\`, or pass its directory with --agent.\n`,
    });
    const before = await events('credentials.served');
    const endpoint = join(directory, 'endpoint');
    expect(await run()).toEqual(failed(`${endpoint} cannot be read (ENOENT).`));

    await writeFile(join(directory, 'authorization'), 'secret');
    for (const address of [
      'https://evil.example',
      'http://127.0.0.1.evil.example:80',
      'http://127.0.0.1:80/x',
    ]) {
      await writeFile(endpoint, address);
      expect(await run()).toEqual(failed(`${endpoint} does not contain a loopback address.`));
    }
    const other = http.createServer((_, response) => response.writeHead(403).end('{"code":"x"}'));
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await writeFile(endpoint, origin);
    expect(await run()).toEqual(failed(`The program at ${origin} is not an agent.`));
    await new Promise((resolve) => other.close(resolve));
    expect(await run()).toEqual(failed(`No agent answers at ${origin}.`));
    expect(await events('credentials.served')).toBe(before);
  });

  test('gets an error without the agent’s token', async () => {
    const directory = await newFolder();
    await writeFile(join(directory, 'endpoint'), agent.origin);
    await writeFile(join(directory, 'authorization'), 'x'.repeat(43));
    expect(await sojourn(['credentials', stage.customer.aws.id, '--agent', directory])).toEqual({
      code: 1,
      out: '',
      err: 'The agent refuses this caller.\n→ Send the content of the file `authorization` from the directory of the agent as the header `Authorization`, to the address of the agent itself, and not from a web page.\n',
    });
    if (process.geteuid?.() !== 0) {
      await chmod(join(directory, 'authorization'), 0);
      expect(await sojourn(['credentials', 'con_1', '--agent', directory])).toMatchObject({
        err: expect.stringContaining('authorization cannot be read (EACCES).'),
      });
    }
  });
});

describe('a purpose', () => {
  /** Whole minutes from now until `expiresAt`. */
  const minutesUntil = (expiresAt: unknown) =>
    Math.round((Date.parse(String(expiresAt)) - Date.now()) / minute);

  test('narrows credentials in the SDK, `sojourn credentials` and `sojourn exec`, and must be one of the connection’s', async () => {
    const { aws, gcp } = stage.customer;
    const client = stage.sojourn();
    const lifetimeMinutes = async (id: string, purpose?: string) =>
      minutesUntil((await client.credentials(id, { purpose })).expiresAt.toISOString());
    expect([await lifetimeMinutes(aws.id), await lifetimeMinutes(aws.id, 'short')]).toEqual([60, 15]);
    expect([await lifetimeMinutes(gcp.id), await lifetimeMinutes(gcp.id, 'short')]).toEqual([60, 10]);
    await expect(client.credentials(aws.id, { purpose: 'none' })).rejects.toMatchObject({
      code: 'purpose_not_found',
      status: 404,
    });

    const { out } = await sojourn(['credentials', aws.id, '--purpose', 'short'], stage.env);
    expect(JSON.parse(out)).toMatchObject({ purpose: 'short', expires_at: timestamp });
    expect(minutesUntil((JSON.parse(out) as { expires_at: string }).expires_at)).toBe(15);

    const program = `
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
      console.log((await (await fetch(url, { headers: { authorization } })).json()).Expiration);`;
    const node = [process.execPath, '--input-type=module', '-e', program];
    const exec = await sojourn(['exec', aws.id, '--purpose', 'short', '--', ...node], stage.env);
    expect({ ...exec, out: minutesUntil(exec.out.trim()) }).toEqual({ code: 0, out: 15, err: '' });
  });

  test('in the agent’s configuration narrows its credentials, and a changed one takes effect at once', async () => {
    const { aws, azure, gcp } = stage.customer;
    const before = agent.status().connections.map(({ id, serves }) => ({ id, serves }));
    const expiry = async () => {
      const { body } = await agent.get(`/v1/credentials/${aws.id}`);
      return minutesUntil((body as { Expiration: string }).Expiration);
    };
    expect(await expiry()).toBeGreaterThan(50);
    const change = { sojourn: stage.sojourn() };
    const rest = [
      { id: azure.id, azure: { token_file: 'acme', cache_credentials: true } },
      { id: gcp.id, gcp: { cache_credentials: true, token_file: 'acme-gcp' } },
    ];
    await agent.reload({ ...change, connections: [{ id: aws.id, purpose: 'short', aws: {} }, ...rest] });
    expect(await expiry()).toBe(15);
    const named = await credentials(aws.id, '--purpose', 'short');
    expect(JSON.parse(named.out)).toMatchObject({ connection: aws.id, purpose: 'short' });
    expect((await credentials(aws.id, '--purpose', 'other')).code).toBe(1);

    await agent.reload({ ...change, connections: [{ id: aws.id, purpose: 'none', aws: {} }, ...rest] });
    expect(await agent.get(`/v1/credentials/${aws.id}`)).toEqual({
      status: 424,
      body: {
        Code: 'agent_not_ready',
        Message: `The agent has no credentials for ${aws.id}. The connection has no such purpose for this client. Check the purpose, and that the client may use the connection for it (\`sojourn can\`).`,
      },
    });
    await agent.reload({ ...change, connections: [{ id: aws.id, aws: {} }, ...rest] });
    expect(await expiry()).toBeGreaterThan(50);
    expect(agent.status().connections.map(({ id, serves }) => ({ id, serves }))).toEqual(before);
  });
});

test('two hundred concurrent callers of the agent cause one request to the server and one to the cloud', async () => {
  const { aws } = stage.customer;
  const { admin, sandbox } = stage.pipeline;
  await admin.post(`/connections/${aws.id}/disable`, {});
  // As after a sleep: all entries are refreshed, and this one is refused.
  clock.offset += 2 * minute;
  while ((await agent.get(`/v1/credentials/${aws.id}`)).status !== 424)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await admin.post(`/connections/${aws.id}/enable`, {});
  const cloudExchanges = async () => {
    const answer = await fetch(`${sandbox}/sandbox/log`);
    const { entries } = (await answer.json()) as { entries: { operation: string }[] };
    return entries.filter(({ operation }) => operation === 'sts:AssumeRoleWithWebIdentity').length;
  };
  const served = () => events('credentials.served', `&connection=${aws.id}`);
  const before = [await cloudExchanges(), await served()];
  clock.offset += 2 * minute;
  // The agent answers within half a second: on a slow machine callers get a 424 and retry.
  const fetchCredentials = async () => {
    for (;;) {
      const answer = await agent.get(`/v1/credentials/${aws.id}`);
      if (answer.status !== 424) return answer;
    }
  };
  const answers = await Promise.all(Array.from({ length: 200 }, fetchCredentials));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(await cloudExchanges()).toBeLessThanOrEqual((before[0] ?? 0) + 1);
  expect(await served()).toBe((before[1] ?? 0) + 1);
});
