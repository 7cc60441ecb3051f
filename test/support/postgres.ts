/** Debian's PostgreSQL on a free loopback port, in its own folder, which is removed when it stops. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, globSync, statSync } from 'node:fs';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort } from './redis.ts';

export interface PostgresServer {
  /** The database `sojourn`, as its owner, who is no superuser. */
  readonly url: string;
  readonly port: number;
  readonly folder: string;
  /** Sends this signal to the server, SIGKILL to all of its processes, and waits until it has ended; its folder stays. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Sends a signal to every process of the server. */
  signalAll(signal: NodeJS.Signals): void;
  /** After `kill`. */
  restart(): Promise<void>;
  /** Runs a statement as superuser. */
  ask(sql: string, database?: string): Promise<pg.QueryResult['rows']>;
  /** Removes the state of Sojourn from the database. */
  empty(): Promise<void>;
  /** Stops the server and removes its folder; may be called again. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Lines of postgresql.conf; the last value of a name counts. */
  readonly settings?: readonly string[];
  /** Lines of pg_hba.conf instead of those that trust everybody. */
  readonly access?: readonly string[];
  /** Private files in its folder, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** Starts as a standby of this server, from a copy of its files. */
  readonly standbyOf?: PostgresServer;
}

const startAtMostMs = 20_000;

/** Debian keeps the programs of each version in their own folder. */
const programs = globSync('/usr/lib/postgresql/*/bin').toSorted(
  (a, b) => Number(b.split('/')[4]) - Number(a.split('/')[4]),
)[0];
const program = (name: string): string => (programs === undefined ? name : join(programs, name));

/** PostgreSQL refuses to run as root. */
const user = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
function idOf(kind: '-u' | '-g'): number {
  return Number(execFileSync('id', [kind, 'nobody'], { encoding: 'utf8' }));
}

const run = (name: string, args: readonly string[]) =>
  promisify(execFile)(program(name), args, { ...user, cwd: '/', env: environment });

const environment = { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' };

/** Not durable on a crash of the machine, which no test has; a killed server loses nothing by them. */
const fast = ['fsync = off', 'full_page_writes = off', 'max_wal_size = 200MB', 'shared_buffers = 16MB'];

export const password = 'hunter2 of tests';

export async function startPostgres({
  settings = [],
  access,
  files = {},
  standbyOf,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'sojourn-postgres-'));
  if (user.uid !== undefined) {
    chownSync(folder, user.uid, user.gid ?? 0);
    // The folder of the run is root's own, and the server must reach its part of it.
    if ((statSync(tmpdir()).mode & 0o001) === 0) chmodSync(tmpdir(), 0o711);
  }
  const data = join(folder, 'data');
  const port = await freePort();
  if (standbyOf) {
    await run('pg_basebackup', [
      '-D',
      data,
      '-R',
      '-X',
      'stream',
      '-c',
      'fast',
      '-d',
      superuserUrl(standbyOf.port),
    ]);
  } else {
    await run('initdb', [
      '-D',
      data,
      '-U',
      'postgres',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--locale=C',
      '--no-sync',
    ]);
  }
  await appendFile(
    join(data, 'postgresql.conf'),
    [
      ...['', `port = ${port}`, "listen_addresses = '127.0.0.1'", "unix_socket_directories = ''"],
      ...fast,
      ...settings,
      '',
    ].join('\n'),
  );
  if (access) await writeFile(join(data, 'pg_hba.conf'), `${access.join('\n')}\n`);
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(data, name), content, { mode: 0o600 });
    if (user.uid !== undefined) chownSync(join(data, name), user.uid, user.gid ?? 0);
  }
  let child: ChildProcess;
  const output: string[] = [];

  async function start(): Promise<void> {
    child = spawn(program('postgres'), ['-D', data], {
      ...{ ...user, cwd: folder, env: environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout?.on('data', (chunk) => output.push(String(chunk)));
    child.stderr?.on('data', (chunk) => output.push(String(chunk)));
    const deadline = performance.now() + startAtMostMs;
    while (isRunning(child) && performance.now() < deadline) {
      if (
        await ask('SELECT 1').then(
          () => true,
          () => false,
        )
      )
        return;
      await sleep(25);
    }
    await stop();
    throw new Error(`PostgreSQL did not start:\n${output.join('')}`);
  }
  const last = () => child.kill('SIGQUIT');
  process.once('exit', last);

  async function ask(sql: string, database = 'postgres') {
    const client = new pg.Client({ connectionString: superuserUrl(port, database) });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (!isRunning(child)) return;
    const gone = once(child, 'exit');
    // SIGKILL hits all processes, as the end of a machine does: those that are left would keep the files in use.
    if (signal === 'SIGKILL') signalAll(signal);
    else child.kill(signal);
    await gone;
  }

  async function stop(): Promise<void> {
    signalAll('SIGCONT');
    // An immediate shutdown: what it kept is removed.
    await kill('SIGQUIT');
    process.removeListener('exit', last);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  function signalAll(signal: NodeJS.Signals): void {
    if (!isRunning(child)) return;
    const children = execFileSync('ps', ['-o', 'pid=', '--ppid', String(child.pid)], { encoding: 'utf8' });
    for (const pid of [child.pid!, ...children.split('\n').filter(Boolean).map(Number)]) {
      try {
        process.kill(pid, signal);
      } catch {
        // It has ended since.
      }
    }
  }

  const empty = async () => void (await ask('DROP SCHEMA IF EXISTS sojourn CASCADE', 'sojourn'));

  const url = `postgres://sojourn:${encodeURIComponent(password)}@127.0.0.1:${port}/sojourn`;
  const server = { url, port, folder, kill, signalAll, restart: start, ask, empty, stop };
  await start();
  if (!standbyOf) {
    await ask(`CREATE ROLE sojourn LOGIN PASSWORD '${password}'`);
    await ask('CREATE DATABASE sojourn OWNER sojourn');
  }
  return server;
}

const superuserUrl = (port: number, database = 'postgres') =>
  `postgres://postgres@127.0.0.1:${port}/${database}`;

const isRunning = (child: ChildProcess) =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;
