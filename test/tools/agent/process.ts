/** The agent as it is run: a process with a file of configuration, which does not outlive the tests of the file. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sojournProgram } from '../../e2e/process.ts';
import { later, newFolder, steadyPort } from '../../e2e/stage.ts';
import type { TestClient } from '../../support/server.ts';

export interface AgentProcess {
  readonly origin: string;
  readonly directory: string;
  /** The path of its configuration. */
  readonly config: string;
  readonly secret: string;
  readonly pid: number;
  /** All of standard output and standard error so far. */
  output(): string;
  /** Resolves when the pattern is in the output. */
  said(pattern: RegExp): Promise<RegExpExecArray>;
  /** What `sojourn agent …` writes; rejects when it ends badly. */
  command(...args: string[]): Promise<string>;
  configure(change: Record<string, unknown>): Promise<void>;
  /** The text of the configuration, with these changes. */
  configured(change: Record<string, unknown>): string;
  kill(signal: NodeJS.Signals): void;
  /** The exit code. */
  readonly ended: Promise<number | null>;
}

interface Options {
  readonly issuer: string;
  readonly client: TestClient;
  readonly connections: readonly object[];
  readonly port?: number;
}

/** Resolves when it serves. */
export async function startAgentProcess(options: Options): Promise<AgentProcess> {
  const agent = await spawnAgent(options, (config, text) => writeFile(config, text));
  await agent.said(/The agent serves \d+ connections/);
  return agent;
}

/** Started, and no more than that; `prepare` makes the file of the configuration. */
export async function spawnAgent(
  options: Options,
  prepare: (config: string, text: string) => Promise<unknown>,
): Promise<AgentProcess> {
  const { issuer, client, connections } = options;
  const folder = await newFolder();
  const [directory, config, secretFile] = ['files', 'agent.yaml', 'secret'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  await writeFile(secretFile, client.client_secret);
  const port = options.port ?? (await steadyPort());
  const configured = (change: Record<string, unknown>) =>
    JSON.stringify({
      issuer,
      sign_in: { client_id: client.client_id, client_secret_file: secretFile },
      listen: `127.0.0.1:${port}`,
      directory,
      connections,
      ...change,
    });
  await prepare(config, configured({}));
  const env = { PATH: process.env.PATH ?? '' };
  const child = spawn(process.execPath, [sojournProgram, 'agent', '--config', config], { env, cwd: folder });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  later(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const said = async (pattern: RegExp): Promise<RegExpExecArray> => {
    for (;;) {
      const match = pattern.exec(output);
      if (match) return match;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The agent ended:\n${output}`);
      await Promise.race([once(child.stdout, 'data'), once(child.stderr, 'data'), ended]);
    }
  };
  return {
    origin: `http://127.0.0.1:${port}`,
    directory,
    config,
    secret: client.client_secret,
    pid: child.pid ?? 0,
    output: () => output,
    said,
    async command(...args) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [sojournProgram, 'agent', ...args, '--config', config],
        { env, timeout: 15_000 },
      );
      return stdout;
    },
    configure: (change) => writeFile(config, configured(change)),
    configured,
    kill: (signal) => child.kill(signal),
    ended,
  };
}
