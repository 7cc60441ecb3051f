import { execFileSync } from 'node:child_process';
import { open, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { sojournProgram } from '../../e2e/process.ts';
import { later } from '../../e2e/stage.ts';
import {
  oneConnection,
  type TestClient,
  type TestConnection,
  type TestServer,
  testServer,
} from '../../support/server.ts';
import { spawnAgent, startAgentProcess } from './process.ts';

const timeout = 60_000;

let server: TestServer;
let connection: TestConnection;
let client: TestClient;

beforeAll(async () => {
  server = await testServer();
  later(() => server.close());
  ({ connection, client } = await oneConnection(server));
}, timeout);

const start = (connections: readonly object[] = [{ id: connection.id, aws: { token_file: 'acme' } }]) =>
  startAgentProcess({ issuer: server.issuer, client, connections });

/** The exit code and output of a command that fails. */
const failure = (command: Promise<string>) =>
  command.then(
    () => 'exit code 0',
    ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
      code,
      stdout,
      stderr,
    }),
  );

test(
  'sojourn agent status prints the cached entries as a table and as JSON',
  async () => {
    const agent = await start();
    const table = await agent.command('status');
    expect(table).toMatch(
      new RegExp(
        `^${server.issuer} is available\n\nID +SERVES +OUTAGE BUDGET MINUTES +REFRESHED AT +ERROR\n`,
      ),
    );
    expect(table).toMatch(new RegExp(`^${connection.id}  token   4 +\\d{4}-\\S+Z  -$`, 'm'));
    expect(JSON.parse(await agent.command('status', '--json'))).toEqual({
      issuer: server.issuer,
      started_at: expect.any(String),
      server: { available: true, error: null, retry_in_seconds: 0 },
      connections: [
        {
          id: connection.id,
          serves: ['token'],
          outage_budget_minutes: 4,
          refreshed_at: expect.any(String),
          error: null,
        },
      ],
    });
  },
  timeout,
);

test(
  'SIGTERM ends the agent and removes its files, and `sojourn agent status` then says how to start it',
  async () => {
    const agent = await start();
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
    agent.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    expect(await readdir(agent.directory)).toEqual([]);
    const file = join(agent.directory, 'endpoint');
    expect(await failure(agent.command('status'))).toEqual({
      code: 1,
      stdout: '',
      stderr: `${file} cannot be read (ENOENT).\n→ Start the agent with \`sojourn agent --config FILE\`, or pass its directory with --agent.\n`,
    });
  },
  timeout,
);

test(
  'the next start after kill -9 removes the files that were left',
  async () => {
    const agent = await start();
    agent.kill('SIGKILL');
    await agent.ended;
    expect((await readdir(agent.directory)).toSorted()).toEqual(['acme', 'authorization', 'endpoint']);
    await writeFile(join(agent.directory, 'acme'), 'an old token');
    const { startAgent, signInOf } = await import('../../../src/tools/agent/index.ts');
    const { createSojourn } = await import('../../../src/tools/sdk/index.ts');
    const { createLogger } = await import('../../../src/platform/log/index.ts');
    const signIn = {
      client_id: client.client_id,
      client_secret_file: join(agent.directory, '..', 'secret'),
      private_key_file: null,
      workload_token_file: null,
    };
    // Even without a server.
    const next = await startAgent({
      sojourn: createSojourn({ issuer: 'http://127.0.0.1:9', signIn: signInOf(signIn) }),
      listen: { host: '127.0.0.1', port: 0 },
      directory: agent.directory,
      connections: [{ id: connection.id, aws: { token_file: 'acme' } }],
      logger: createLogger({ level: 'silent' }),
    });
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint']);
    await next.close();
  },
  timeout,
);

test(
  'SIGHUP reloads the configuration, and the agent rejects an invalid one with the reason',
  async () => {
    const agent = await start();
    await agent.configure({ connections: [{ id: connection.id, aws: { token_file: 'renamed' } }] });
    agent.kill('SIGHUP');
    await agent.waitForOutput(/"event":"agent.reloaded"/);
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint', 'renamed']);
    await agent.configure({ connections: [], listen: '0.0.0.0:1' });
    agent.kill('SIGHUP');
    await agent.waitForOutput(/agent\.reload_refused.*connections: must have at least one connection/);
    await agent.configure({ listen: '127.0.0.1:1' });
    agent.kill('SIGHUP');
    await agent.waitForOutput(
      /listen and directory cannot change while the agent runs\. Restart the agent\./,
    );
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint', 'renamed']);
    await agent.configure({});
    expect(JSON.parse(await agent.command('status', '--json'))).toMatchObject({
      connections: [{ id: connection.id, serves: ['token'], error: null }],
    });
  },
  timeout,
);

test(
  'SIGHUP during the start does not end the agent, and reloads the configuration afterwards',
  async () => {
    const connections = [{ id: connection.id, aws: { token_file: 'acme' } }];
    const agent = await spawnAgent({ issuer: server.issuer, client, connections }, async (config) =>
      execFileSync('mkfifo', [config]),
    );
    // Opening a pipe for writing waits for its reader; the agent then waits for the text.
    const pipe = await open(agent.config, 'w');
    agent.kill('SIGHUP');
    await pipe.writeFile(agent.configText({}));
    await pipe.close();
    await agent.waitForOutput(/The agent serves 1 connection of/);
    await agent.configure({ connections: [{ id: connection.id, aws: { token_file: 'renamed' } }] });
    await agent.waitForOutput(/"event":"agent.reloaded"/);
    expect((await readdir(agent.directory)).toSorted()).toEqual(['authorization', 'endpoint', 'renamed']);
    agent.kill('SIGTERM');
    expect(await agent.ended).toBe(0);
    expect(await readdir(agent.directory)).toEqual([]);
  },
  timeout,
);

test(
  'the agent reads its configuration from standard input',
  async () => {
    const agent = await start();
    const argv = `"${process.execPath}" "${sojournProgram}" agent status --config /dev/stdin`;
    const table = execFileSync('sh', ['-c', `cat "${agent.config}" | ${argv}`], { encoding: 'utf8' });
    expect(table).toMatch(new RegExp(`^${connection.id}  token   4 +\\d{4}-\\S+Z  -$`, 'm'));
  },
  timeout,
);
