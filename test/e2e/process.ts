/** The server as an operator runs it: a process with a configuration file, which tests can kill and restart. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AdminClient, adminClient } from '../../src/sandbox/demo/http.ts';
import { loadConfig } from '../../src/server/config/index.ts';
import { initializeIfNew } from '../../src/server/init/index.ts';
import { compiled } from '../support/compiled.ts';

export interface ServerProcess {
  readonly issuer: string;
  /** Where this process serves what the issuer serves: another address than the issuer's for a second replica. */
  readonly origin: string;
  readonly adminOrigin: string;
  readonly admin: AdminClient;
  readonly pid: number;
  /** All of standard output and standard error so far. */
  output(): string;
  /** Sends the signal and resolves when the process has ended. */
  stop(signal: NodeJS.Signals): Promise<{ code: number | null; signal: string | null }>;
}

export interface ProcessOptions {
  /** Database, keys and configuration file live here. */
  readonly folder: string;
  readonly port: number;
  /** The port of the issuer, when that is another replica's. */
  readonly issuerPort?: number;
  /** What differs from a plain local configuration, as in the YAML file. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** What to run instead of `sojourn serve`; it is handed the same arguments and says the same when it has started. */
  readonly program?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the program itself decides whether there is an issuer. */
  readonly isNew?: boolean;
  /** Arguments of node itself. */
  readonly node?: readonly string[];
  /** A shell's words before the program is run in its place. */
  readonly first?: string;
}

export const adminToken = 'admin-token-of-the-end-to-end-tests';
export const sojournProgram = join(import.meta.dirname, '../../bin/sojourn.js');

/** Environment of a server: nothing of ours but what is named. */
export const environment = (more: Readonly<Record<string, string>> = {}): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  ...compiled,
  SOJOURN_ADMIN_TOKEN: adminToken,
  ...more,
});

const startAtMostMs = 60_000;

/** Writes the file that the server is started with, and returns its path. JSON is YAML too. */
export async function writeConfig(options: Omit<ProcessOptions, 'program' | 'env'>): Promise<string> {
  const { folder, port, issuerPort = port, config = {} } = options;
  const whole = {
    issuer: issuerAt(issuerPort),
    listen: { public: `127.0.0.1:${port}`, admin: '127.0.0.1:0' },
    // Requests come by the thousand here, and used assertions are refused by the hundred, all from one address.
    limits: {
      failed_sign_ins: 1_000_000,
      refused_sign_ins: 1_000_000,
      requests_per_address: 1_000_000,
      requests_per_client: 1_000_000,
      requests_per_invitation: 1_000_000,
    },
    store: `sqlite:${join(folder, 'sojourn.db')}`,
    ...config,
    keys: {
      path: join(folder, 'keys'),
      publish_lead: '1s',
      allow_short_times: true,
      ...(config.keys as object | undefined),
    },
  };
  const file = join(folder, 'sojourn.yaml');
  await writeFile(file, JSON.stringify(whole));
  return file;
}

const issuerAt = (port: number) => `http://127.0.0.1:${port}`;

/** As `sojourn init` does, if the issuer does not exist yet. In this process, which is faster. */
export async function createIssuer(file: string, env: Record<string, string>): Promise<void> {
  const config = await loadConfig({ file, env, createsKey: true });
  await initializeIfNew(config, { show: () => undefined });
}

/** Resolves when the server says that it serves; rejects with its output when it ends before that. */
export async function startProcess(options: ProcessOptions): Promise<ServerProcess> {
  const { port, issuerPort = port, program = sojournProgram, env, node = [], first = ':', isNew } = options;
  const file = await writeConfig(options);
  if (!isNew) await createIssuer(file, environment(env));
  const command = [process.execPath, ...node, program, 'serve', '--config', file];
  // In the folder of its own, where a core dump would be.
  const child = spawn('/bin/sh', ['-c', `${first}; exec "$@"`, 'sh', ...command], {
    cwd: options.folder,
    env: environment(env),
  });
  const last = () => child.kill('SIGKILL');
  process.once('exit', last);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  // Closed, and not only ended: what it wrote last has arrived then.
  const ended = once(child, 'close').then(() => process.removeListener('exit', last));
  const adminOrigin = await startedAt(child, () => output);
  return {
    issuer: issuerAt(issuerPort),
    origin: issuerAt(port),
    adminOrigin,
    admin: adminClient(adminOrigin, adminToken),
    pid: child.pid ?? 0,
    output: () => output,
    async stop(signal) {
      child.kill(signal);
      await ended;
      return { code: child.exitCode, signal: child.signalCode };
    },
  };
}

/** The admin listener takes a free port; the first words of the server say which. */
function startedAt(child: ChildProcess, output: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const tooLate = setTimeout(() => child.kill('SIGKILL'), startAtMostMs);
    const look = () => {
      const [, origin] = /and the admin API on (\S+)\.\n/.exec(output()) ?? [];
      if (!origin) return;
      clearTimeout(tooLate);
      resolve(origin);
    };
    child.stderr?.on('data', look);
    child.once('close', () => {
      clearTimeout(tooLate);
      reject(new Error(`The server did not start:\n${output()}`));
    });
  });
}
