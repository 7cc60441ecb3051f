/** Standard output that takes nothing: neither the process nor the count of lines is lost. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { adminClient } from '../../src/sandbox/demo/http.ts';
import { askToken, oneConnection, withSecret } from '../support/server.ts';
import { adminToken, createIssuer, environment, sojournProgram, writeConfig } from './process.ts';
import { later, newFolder, steadyPort } from './stage.ts';

/** Starts a server with this standard output, and resolves when it serves. */
async function start(stdout: 'pipe' | number) {
  const folder = await newFolder();
  const port = await steadyPort();
  const file = await writeConfig({ folder, port });
  await createIssuer(file, environment());
  const child = spawn(process.execPath, [sojournProgram, 'serve', '--config', file], {
    env: environment(),
    stdio: ['ignore', stdout, 'pipe'],
  });
  later(async () => child.kill('SIGKILL'));
  const adminOrigin = await new Promise<string>((resolve) => {
    let text = '';
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [, origin] = /and the admin API on (\S+)\.\n/.exec(text) ?? [];
      if (origin) resolve(origin);
    });
  });
  const admin = adminClient(adminOrigin, adminToken);
  const issuer = `http://127.0.0.1:${port}`;
  const { client, connection } = await oneConnection({ admin });
  const issue = async (times: number) => {
    for (let n = 0; n < times; n++) {
      const startedAt = performance.now();
      expect((await askToken(issuer, withSecret(client, connection))).status).toBe(200);
      expect(performance.now() - startedAt).toBeLessThan(2_000);
    }
  };
  const dropped = async () => {
    const metrics = await (await fetch(`${adminOrigin}/metrics`)).text();
    return Number(/^sojourn_log_lines_dropped (\d+)$/m.exec(metrics)?.[1]);
  };
  return { child, issue, dropped };
}

async function endOf(child: ChildProcess): Promise<unknown[]> {
  const startedAt = performance.now();
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const end = await ended;
  expect(performance.now() - startedAt).toBeLessThan(5_000);
  return end;
}

/** More than the pipe and the buffer hold. */
const many = 1_000;

test('an unread pipe does not hold the server; the count of dropped lines is a metric, and a line once it is read', async () => {
  const { child, issue, dropped } = await start('pipe');
  expect(await dropped()).toBe(0);
  await issue(many);
  const lost = await dropped();
  expect(lost).toBeGreaterThan(0);
  let log = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  for (let tries = 0; tries < 50 && !log.includes('"dropped"'); tries++) await sleep(100);
  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { dropped?: number });
  expect(lines.reduce((sum, line) => sum + (line.dropped ?? 0), 0)).toBe(lost);
  await issue(1);
  expect(await dropped()).toBe(lost);
  expect(await endOf(child)).toEqual([0, null]);
}, 120_000);

test('an unread pipe does not hold the end of the server', async () => {
  const { child, issue } = await start('pipe');
  await issue(many);
  expect(await endOf(child)).toEqual([0, null]);
}, 120_000);

test('a closed pipe and a full disk do not stop the server, and the lines are counted', async () => {
  const piped = await start('pipe');
  piped.child.stdout?.destroy();
  await piped.issue(20);
  expect(await piped.dropped()).toBeGreaterThanOrEqual(19);
  expect(await endOf(piped.child)).toEqual([0, null]);
  const full = await start(openSync('/dev/full', 'w'));
  await full.issue(20);
  expect(await full.dropped()).toBeGreaterThanOrEqual(20);
  expect(await endOf(full.child)).toEqual([0, null]);
}, 120_000);

test('a log file has every line', async () => {
  const file = join(await newFolder(), 'log');
  const { child, issue, dropped } = await start(openSync(file, 'w'));
  await issue(20);
  expect(await dropped()).toBe(0);
  expect(await endOf(child)).toEqual([0, null]);
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { msg: string });
  expect(lines.filter(({ msg }) => msg === 'token.issued')).toHaveLength(20);
}, 120_000);

test('a signal to the process of `npm start` stops the server', async () => {
  const folder = await newFolder();
  const port = await steadyPort();
  const config = await writeConfig({ folder, port });
  await createIssuer(config, environment());
  const child = spawn('npm', ['run', '-s', 'sojourn', '--', 'serve', '--config', config], {
    cwd: join(import.meta.dirname, '../..'),
    env: { ...environment(), HOME: folder },
    stdio: 'ignore',
  });
  later(async () => child.kill('SIGKILL'));
  const alive = () =>
    fetch(`http://127.0.0.1:${port}/jwks`).then(
      () => true,
      () => false,
    );
  while (!(await alive())) await sleep(100);
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  for (let tries = 0; tries < 50 && (await alive()); tries++) await sleep(100);
  expect(await alive()).toBe(false);
  const scripts = (
    JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8')) as {
      scripts: Record<string, string>;
    }
  ).scripts;
  // A shell between npm and the server would not pass the signal on.
  for (const name of ['start', 'demo', 'sojourn'])
    expect(scripts[name]).toMatch(/^exec node bin\/sojourn\.js/);
}, 60_000);
