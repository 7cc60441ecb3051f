/** The real program, as a child process or in this one, and a server that records requests. */
import { execFile } from 'node:child_process';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { run } from '../../../src/tools/cli/index.ts';
import { compiled } from '../../support/compiled.ts';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const program = join(import.meta.dirname, '../../../bin/sojourn.js');

/** Runs `sojourn` with these arguments and only this environment; kills it after 15 s. */
export function sojourn(args: readonly string[], env: Record<string, string> = {}): Promise<CommandResult> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [program, ...args],
      { env: { PATH: process.env.PATH ?? '', ...compiled, ...env }, timeout: 15_000 },
      (error, out, err) => resolve({ code: error ? Number(error.code ?? -1) : 0, out, err }),
    );
  });
}

/** Runs the same command in this process, 20 times as fast: for all that does not depend on the process itself. */
export async function runCommand(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  const output = { out: '', err: '' };
  const writer = (name: keyof typeof output) => (text: string) => {
    output[name] += text;
  };
  const code = await run(args, { out: writer('out'), err: writer('err'), stdout: process.stdout, env });
  return { code, ...output };
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  /** Parsed if it is JSON, otherwise text; undefined if empty. */
  readonly body: unknown;
}

export interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

export interface Recorder {
  readonly origin: string;
  /** The requests since the last call of this function. */
  asked(): readonly Asked[];
  /** Responses by `METHOD path`, ignoring the query. Any other request gets a 404 problem. */
  answers: Record<string, Answer>;
  close(): Promise<void>;
}

export async function recorder(): Promise<Recorder> {
  let log: Asked[] = [];
  const self: { answers: Record<string, Answer> } = { answers: {} };
  const server = http.createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const { method = '', url = '', headers } = request;
    const isJson = headers['content-type'] === 'application/json';
    log.push({
      method,
      url,
      authorization: headers.authorization,
      body: text === '' ? undefined : isJson ? JSON.parse(text) : text,
    });
    const answer = self.answers[`${method} ${url.split('?')[0]}`] ?? {
      status: 404,
      body: { code: 'not_found', detail: 'There is nothing at this path.', advice: 'Check the path.' },
    };
    const body = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status ?? 200).end(body);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(self, {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: () => log.splice(0),
    close: () =>
      new Promise<void>((resolve) => {
        log = [];
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
