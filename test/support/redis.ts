/** Debian's redis-server on a free loopback port, in its own folder, which is removed when it stops. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RedisServer {
  readonly url: string;
  readonly port: number;
  /** Stops the server by its pid and removes its folder; may be called again. */
  stop(): Promise<void>;
}

export interface RedisServerOptions {
  /** The port of a stopped server, to restart it. */
  readonly port?: number;
  /** Settings as on redis-server's command line; the last value of a name counts. */
  readonly settings?: readonly string[];
}

const startAtMostMs = 15_000;

export async function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-redis-'));
  const port = options.port ?? (await freePort());
  const nothingKept = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const place = ['--bind', '127.0.0.1', '--port', String(port), '--dir', folder, '--daemonize', 'no'];
  const child = spawn('redis-server', [...place, ...nothingKept, ...(options.settings ?? [])], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output: string[] = [];
  child.stdout.on('data', (chunk) => output.push(String(chunk)));
  child.stderr.on('data', (chunk) => output.push(String(chunk)));
  const gone = once(child, 'exit').catch((error) => output.push(String(error)));
  const last = () => child.kill('SIGKILL');
  process.once('exit', last);

  const stop = async () => {
    if (running(child)) child.kill('SIGTERM');
    await gone;
    process.removeListener('exit', last);
    await rm(folder, { recursive: true, force: true });
  };

  const deadline = performance.now() + startAtMostMs;
  while (running(child) && performance.now() < deadline) {
    if (await answers(port)) return { url: `redis://127.0.0.1:${port}`, port, stop };
    await sleep(25);
  }
  await stop();
  throw new Error(`redis-server did not start:\n${output.join('')}`);
}

const running = (child: ChildProcess) =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

/** An error about a missing password or missing TLS also proves that the server runs. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'));
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('data', () => {
      resolve(true);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}
