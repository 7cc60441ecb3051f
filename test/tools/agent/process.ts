/** The agent as a process with a configuration file; it is killed after the tests of the file. */
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
  /** Resolves when the output matches. */
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
  /** The output of `sojourn agent …`; rejects if it fails. */
  command(...args: string[]): Promise<string>;
  configure(change: Record<string, unknown>): Promise<void>;
  /** The text of the configuration, with these changes. */
  configText(change: Record<string, unknown>): string;
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

/** Resolves when the agent serves. */
export async function startAgentProcess(options: Options): Promise<AgentProcess> {
  const agent = await spawnAgent(options, (config, text) => writeFile(config, text));
  await agent.waitForOutput(/The agent serves \d+ connections? of/);
  return agent;
}

/** Starts the process and does not wait for it; `prepare` creates the configuration file. */
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
  const configText = (change: Record<string, unknown>) =>
    JSON.stringify({
      issuer,
      sign_in: { client_id: client.client_id, client_secret_file: secretFile },
      listen: `127.0.0.1:${port}`,
      directory,
      connections,
      ...change,
    });
  await prepare(config, configText({}));
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
  const waitForOutput = async (pattern: RegExp): Promise<RegExpExecArray> => {
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
    waitForOutput,
    async command(...args) {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [sojournProgram, 'agent', ...args, '--config', config],
        { env, timeout: 15_000 },
      );
      return stdout;
    },
    configure: (change) => writeFile(config, configText(change)),
    configText,
    kill: (signal) => child.kill(signal),
    ended,
  };
}
