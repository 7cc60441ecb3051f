/** A real server that a test starts: waits until it answers, and stops it by its process id. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Daemon {
  /** Standard output and standard error so far. */
  output(): string;
  /** May be called again. */
  stop(): Promise<void>;
}

export interface DaemonOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Whether the server answers. */
  isReady(): Promise<boolean>;
  /** The signal that stops it; a server whose data is temporary can be killed. */
  readonly signal?: NodeJS.Signals;
  readonly milliseconds?: number;
}

/** @throws {Error} with the output of the server if it ends or does not answer in time */
export async function startDaemon(
  file: string,
  args: readonly string[],
  { env = {}, isReady, signal = 'SIGKILL', milliseconds = 60_000 }: DaemonOptions,
): Promise<Daemon> {
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = once(child, 'close').catch((error) => {
    output += String(error);
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const stop = async () => {
    if (isRunning(child)) child.kill(signal);
    const late = setTimeout(kill, 10_000);
    await ended;
    clearTimeout(late);
    process.removeListener('exit', kill);
  };

  const deadline = performance.now() + milliseconds;
  while (isRunning(child) && performance.now() < deadline) {
    if (await isReady().catch(() => false)) return { output: () => output, stop };
    await sleep(50);
  }
  await stop();
  throw new Error(`${file} did not start:\n${output.slice(-4000)}`);
}

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;
