/** `sojourn credentials` beside a running agent, and purposes by every way in which credentials reach a program. */
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
const clock = { ahead: 0 };

beforeAll(async () => {
  stage = await openStage();
  home = await newFolder();
  const { aws, azure, gcp } = stage.customer;
  const { admin } = stage.corridor;
  await admin.patch(`/connections/${azure.id}`, { token_ttl: 900 });
  await admin.patch(`/connections/${aws.id}`, {
    target: { duration_seconds: 3600 },
    purposes: { short: { duration_seconds: 900 } },
  });
  await admin.patch(`/connections/${gcp.id}`, {
    target: { lifetime_seconds: 3600 },
    purposes: { short: { lifetime_seconds: 600 } },
  });
  agent = await testAgent(stage.corridor.issuer, {
    sojourn: stage.sojourn(),
    now: () => Date.now() + clock.ahead,
    connections: [
      { id: aws.id, aws: {} },
      { id: azure.id, azure: { token_file: 'acme', credentials: true } },
      { id: gcp.id, gcp: { credentials: true, token_file: 'acme-gcp' } },
    ],
  });
}, 60_000);
afterAll(async () => {
  await agent.close();
  await stage.corridor.close();
  await removeFolders();
});

/** With a home, where it keeps what it has compiled. */
const sojourn = (args: readonly string[], env: Record<string, string> = {}) =>
  command(args, { HOME: home, ...env });

const events = async (event: string, query = '') =>
  (await stage.corridor.admin.get<{ items: { event: string }[] }>(`/audit?limit=200${query}`)).items.filter(
    (item) => item.event === event,
  ).length;

/** The command with nothing that opens the server, as it is where only the agent may sign in. */
const credentials = (id: string, ...more: string[]) =>
  sojourn(['credentials', id, '--agent', agent.directory, ...more]);

describe('sojourn credentials beside an agent', () => {
  test('prints what the agent holds in every form, and the server hears nothing of it', async () => {
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
    });
    expect(await parsed(aws.id, 'aws-container')).toEqual({
      ...keys,
      Token: expect.any(String),
      Expiration: timestamp,
    });
    expect(await parsed(aws.id, 'json')).toEqual({
      connection: aws.id,
      cloud: 'aws',
      expires_at: timestamp,
      credentials: {
        access_key_id: keys.AccessKeyId,
        secret_access_key: expect.any(String),
        session_token: expect.any(String),
      },
    });
    const env = await sojourn(['credentials', aws.id, '--format', 'env'], {
      SOJOURN_AGENT_DIRECTORY: agent.directory,
    });
    expect(env).toEqual({
      code: 0,
      out: expect.stringMatching(
        /^export AWS_ACCESS_KEY_ID='ASIA\w+'\nexport AWS_SECRET_ACCESS_KEY='.+'\nexport AWS_SESSION_TOKEN='.+'\nexport AWS_CREDENTIAL_EXPIRATION='20.+Z'\n$/,
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
        credentials: { access_token: expect.any(String), token_type: 'Bearer' },
      });
    expect([await events('credentials.served'), await events('token.issued')]).toEqual(before);
  });

  test('tells what is not kept, or not so, with what to do', async () => {
    const { aws } = stage.customer;
    const notKept = {
      code: 1,
      out: '',
      err: 'The agent keeps nothing of this kind, or not for this purpose.\n→ Check the connection, what is kept of it and its `purpose` in the configuration of the agent.\n',
    };
    expect(await credentials('con_01jd0000000000000000000000')).toEqual(notKept);
    expect(await credentials('../status')).toEqual(notKept);
    expect(await credentials(aws.id, '--purpose', 'short')).toEqual(notKept);
    expect(await credentials(aws.id, '--format', 'azure')).toEqual({
      code: 1,
      out: '',
      err: 'format: azure does not fit a connection to aws\n→ Correct the named field and send it again.\n',
    });
    expect(await credentials(aws.id, '--format', 'gcp')).toEqual({
      code: 1,
      out: `${JSON.stringify({ version: 1, success: false, code: 'not_found', message: notKept.err.replace('\n→', '').trim() })}\n`,
      err: notKept.err,
    });
    expect(await credentials(aws.id, '--issuer', 'https://id.example.com')).toEqual({
      code: 2,
      out: '',
      err: '--issuer and --workload-token-file do not go with an agent, which signs in itself.\n',
    });
  });

  test('never asks the server in the place of an agent that is not there, or is another', async () => {
    const { aws } = stage.customer;
    const directory = await newFolder();
    const ask = () => sojourn(['credentials', aws.id], { ...stage.env, SOJOURN_AGENT_DIRECTORY: directory });
    const failed = (detail: string) => ({
      code: 1,
      out: '',
      err: `${detail}\n→ Start it with \`sojourn agent --config FILE\`, or name its directory with --agent.\n`,
    });
    const before = await events('credentials.served');
    const endpoint = join(directory, 'endpoint');
    expect(await ask()).toEqual(failed(`${endpoint} cannot be read (ENOENT).`));

    await writeFile(join(directory, 'authorization'), 'secret');
    for (const place of [
      'https://evil.example',
      'http://127.0.0.1.evil.example:80',
      'http://127.0.0.1:80/x',
    ]) {
      await writeFile(endpoint, place);
      expect(await ask()).toEqual(failed(`${endpoint} holds no address of loopback.`));
    }
    const other = http.createServer((_, response) => response.writeHead(403).end('{"code":"x"}'));
    await once(other.listen(0, '127.0.0.1'), 'listening');
    const origin = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    await writeFile(endpoint, origin);
    expect(await ask()).toEqual(failed(`What answers at ${origin} is no agent.`));
    await new Promise((resolve) => other.close(resolve));
    expect(await ask()).toEqual(failed(`No agent answers at ${origin}.`));
    expect(await events('credentials.served')).toBe(before);
  });

  test('without the token of the agent it gets nothing', async () => {
    const directory = await newFolder();
    await writeFile(join(directory, 'endpoint'), agent.origin);
    await writeFile(join(directory, 'authorization'), 'x'.repeat(43));
    expect(await sojourn(['credentials', stage.customer.aws.id, '--agent', directory])).toEqual({
      code: 1,
      out: '',
      err: 'The agent does not hand anything to this caller.\n→ Send what the file `authorization` in the directory of the agent holds, to its own address, and from no web page.\n',
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
  /** How long what was handed over lives, in whole minutes from now on. */
  const minutes = (end: unknown) => Math.round((Date.parse(String(end)) - Date.now()) / minute);

  test('narrows by the SDK, the command and exec, and by nothing that is not the connection’s', async () => {
    const { aws, gcp } = stage.customer;
    const client = stage.sojourn();
    const lives = async (id: string, purpose?: string) =>
      minutes((await client.credentials(id, { purpose })).expiresAt.toISOString());
    expect([await lives(aws.id), await lives(aws.id, 'short')]).toEqual([60, 15]);
    expect([await lives(gcp.id), await lives(gcp.id, 'short')]).toEqual([60, 10]);
    await expect(client.credentials(aws.id, { purpose: 'none' })).rejects.toMatchObject({
      code: 'purpose_not_found',
      status: 404,
    });

    const { out } = await sojourn(['credentials', aws.id, '--purpose', 'short'], stage.env);
    expect(JSON.parse(out)).toMatchObject({ purpose: 'short', expires_at: timestamp });
    expect(minutes((JSON.parse(out) as { expires_at: string }).expires_at)).toBe(15);

    const program = `
      const { AWS_CONTAINER_CREDENTIALS_FULL_URI: url, AWS_CONTAINER_AUTHORIZATION_TOKEN: authorization } = process.env;
      console.log((await (await fetch(url, { headers: { authorization } })).json()).Expiration);`;
    const node = [process.execPath, '--input-type=module', '-e', program];
    const exec = await sojourn(['exec', aws.id, '--purpose', 'short', '--', ...node], stage.env);
    expect({ ...exec, out: minutes(exec.out.trim()) }).toEqual({ code: 0, out: 15, err: '' });
  });

  test('of the configuration narrows what the agent keeps, and another one is fetched anew', async () => {
    const { aws, azure, gcp } = stage.customer;
    const before = agent.status().connections.map(({ id, keeps }) => ({ id, keeps }));
    const expiry = async () => {
      const { body } = await agent.get(`/v1/credentials/${aws.id}`);
      return minutes((body as { Expiration: string }).Expiration);
    };
    expect(await expiry()).toBeGreaterThan(50);
    const change = { sojourn: stage.sojourn() };
    const rest = [
      { id: azure.id, azure: { token_file: 'acme', credentials: true } },
      { id: gcp.id, gcp: { credentials: true, token_file: 'acme-gcp' } },
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
        Message: `The agent has no credentials for ${aws.id}. There is no such purpose of the connection for this client. Check the purpose, and that the client may use the connection for it (\`sojourn can\`).`,
      },
    });
    await agent.reload({ ...change, connections: [{ id: aws.id, aws: {} }, ...rest] });
    expect(await expiry()).toBeGreaterThan(50);
    expect(agent.status().connections.map(({ id, keeps }) => ({ id, keeps }))).toEqual(before);
  });
});

test('two hundred callers of a cold connection cause one call of the server and one of the cloud', async () => {
  const { aws } = stage.customer;
  const { admin, sandbox } = stage.corridor;
  await admin.post(`/connections/${aws.id}/disable`, {});
  // As after a sleep: everything is fetched anew, and refused.
  clock.ahead += 2 * minute;
  while ((await agent.get(`/v1/credentials/${aws.id}`)).status !== 424)
    await new Promise((resolve) => setTimeout(resolve, 20));
  await admin.post(`/connections/${aws.id}/enable`, {});
  const visits = async () => {
    const answer = await fetch(`${sandbox}/sandbox/log`);
    const { entries } = (await answer.json()) as { entries: { operation: string }[] };
    return entries.filter(({ operation }) => operation === 'sts:AssumeRoleWithWebIdentity').length;
  };
  const served = () => events('credentials.served', `&connection=${aws.id}`);
  const before = [await visits(), await served()];
  clock.ahead += 2 * minute;
  // Nobody is kept waiting for long: on a slow machine a caller is told to try again, and does.
  const ask = async () => {
    for (;;) {
      const answer = await agent.get(`/v1/credentials/${aws.id}`);
      if (answer.status !== 424) return answer;
    }
  };
  const answers = await Promise.all(Array.from({ length: 200 }, ask));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  expect(await visits()).toBeLessThanOrEqual((before[0] ?? 0) + 1);
  expect(await served()).toBe((before[1] ?? 0) + 1);
});
