/** An agent with a temporary directory and a captured log, and raw requests to it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../src/platform/log/index.ts';
import { type Agent, type AgentOptions, startAgent } from '../../../src/tools/agent/index.ts';
import { clientSecret, createSojourn } from '../../../src/tools/sdk/index.ts';
import { bodyOf, sendRaw, statusOf } from '../../support/raw-http.ts';

export const secret = 'secret-of-the-client';

export interface TestAgent extends Agent {
  readonly directory: string;
  /** Everything logged so far, at debug level. */
  logged(): string;
  lines(event: string): Record<string, unknown>[];
  /** GET with the right token. */
  get(path: string): Promise<{ status: number; body: unknown }>;
}

export type Options = Pick<AgentOptions, 'connections'> &
  Partial<Pick<AgentOptions, 'now' | 'sojourn' | 'listen'>> & { readonly directory?: string };

export const sojournAt = (issuer: string) =>
  createSojourn({ issuer, signIn: clientSecret({ clientId: 'cli_1', secret }) });

const folders: string[] = [];

export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-agent-'));
  folders.push(folder);
  return folder;
}

export const removeFolders = () =>
  Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));

export async function testAgent(issuer: string, options: Options): Promise<TestAgent> {
  let log = '';
  const directory = options.directory ?? (await newFolder());
  const agent = await startAgent({
    sojourn: sojournAt(issuer),
    listen: { host: '127.0.0.1', port: 0 },
    ...options,
    directory,
    logger: createLogger({
      level: 'debug',
      destination: {
        write: (line: string) => {
          log += line;
        },
      },
    }),
  });
  return {
    ...agent,
    directory,
    logged: () => log,
    lines: (event) =>
      log
        .split('\n')
        .filter((line) => line.includes(`"event":"${event}"`))
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    get: (path) => ask(agent.origin, path, { authorization: agent.authorization }),
  };
}

/** Sends a request with exactly these headers; a list sends a header several times. */
export async function ask(
  origin: string,
  target: string,
  headers: Record<string, string | readonly string[]>,
  method = 'GET',
): Promise<{ status: number; body: unknown }> {
  const all = Object.entries({ host: new URL(origin).host, ...headers })
    .flatMap(([name, values]) => [values].flat().map((value) => `${name}: ${value}\r\n`))
    .join('');
  const answer = await sendRaw(origin, `${method} ${target} HTTP/1.1\r\n${all}connection: close\r\n\r\n`);
  const body = bodyOf(answer);
  return { status: statusOf(answer), body: /^\s*[{[]/.test(body) ? JSON.parse(body) : body };
}
