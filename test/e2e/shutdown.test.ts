/** SIGTERM under load: first not ready, then no new connections, and no request in progress fails. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, expect, test } from '@jest/globals';
import { bodyOf, statusOf } from '../support/raw-http.ts';
import { oneConnection, withSecret } from '../support/server.ts';
import { createIssuer, environment, type ServerProcess, sojournProgram, writeConfig } from './process.ts';
import { later, newFolder, server, steadyPort } from './stage.ts';

let sojourn: ServerProcess;
let form: string;

beforeEach(async () => {
  sojourn = await server({ folder: await newFolder(), port: await steadyPort() });
  const { client, connection } = await oneConnection(sojourn);
  form = new URLSearchParams(withSecret(client, connection)).toString();
}, 60_000);

const formType = 'application/x-www-form-urlencoded';

/** One POST to /token; its status, or the code of what went wrong on the way. */
function post(agent: Agent, look: (answer: IncomingMessage) => void = () => {}): Promise<number | string> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${sojourn.origin}/token`,
      { method: 'POST', agent, headers: { 'content-type': formType } },
      (answer) => {
        look(answer);
        text(answer).then(
          () => resolve(answer.statusCode ?? 0),
          (error: NodeJS.ErrnoException) => resolve(`cut: ${error.code}`),
        );
      },
    );
    outgoing.on('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)));
    outgoing.end(form);
  });
}

const tally = (outcomes: readonly (number | string)[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(outcomes, String)].map(([outcome, all]) => [outcome, all.length]));

test('requests whose bodies are still arriving when the port closes are answered with 200', async () => {
  const half = Math.floor(form.length / 2);
  const { hostname, port } = new URL(sojourn.origin);
  const sockets: { socket: Socket; received: () => string }[] = [];
  for (let number = 0; number < 20; number++) {
    const socket = connect(Number(port), hostname);
    let received = '';
    socket.setEncoding('utf8').on('data', (data: string) => {
      received += data;
    });
    await once(socket, 'connect');
    socket.write(
      `POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: ${formType}\r\nContent-Length: ${form.length}\r\n\r\n${form.slice(0, half)}`,
    );
    sockets.push({ socket, received: () => received });
  }
  // Answered after the others were written: they have been read.
  expect(await post(new Agent())).toBe(200);
  const ended = sojourn.stop('SIGTERM');
  while ((await post(new Agent())) !== 'ECONNREFUSED') await sleep(50);
  await Promise.all(
    sockets.map(async ({ socket, received }) => {
      socket.write(form.slice(half));
      await once(socket, 'close');
      expect(statusOf(received())).toBe(200);
      expect(received()).toMatch(/^connection: close\r$/im);
      expect(JSON.parse(bodyOf(received()))).toEqual({
        access_token: expect.any(String),
        token_type: 'Bearer',
        expires_in: 300,
      });
    }),
  );
  expect(await ended).toEqual({ code: 0, signal: null });
}, 120_000);

/** A request for readiness that has begun; `finish` sends its last bytes and returns the whole answer. */
async function beginReadiness(): Promise<{ finish: () => Promise<{ status: number; body: unknown }> }> {
  const { hostname, port } = new URL(sojourn.adminOrigin);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write('GET /readyz HTTP/1.1\r\nHost: a\r\n');
  return {
    async finish() {
      socket.write('Connection: close\r\n\r\n');
      const answer = await text(socket);
      return { status: statusOf(answer), body: JSON.parse(bodyOf(answer)) };
    },
  };
}

const check = (name: string, ok: boolean) => ({ name, ok, detail: expect.any(String) });
const otherChecks = ['store', 'keys', 'short_key_times'].map((name) => check(name, true));

test('a shutdown under load first reports not ready, then closes each connection with its answer, and loses no request', async () => {
  const [before, after] = [await beginReadiness(), await beginReadiness()];
  expect(await before.finish()).toEqual({ status: 200, body: { status: 'ready', checks: otherChecks } });
  const outcomes: (number | string)[] = [];
  let readiness: Promise<unknown> | undefined;
  const worker = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    let connection: string | undefined;
    while (connection !== 'close')
      outcomes.push(
        await post(agent, (answer) => {
          ({ connection } = answer.headers);
        }),
      );
    readiness ??= after.finish();
    agent.destroy();
  };
  const workers = Promise.all(Array.from({ length: 16 }, worker));
  while (outcomes.length < 200) await sleep(20);
  const ended = sojourn.stop('SIGTERM');
  await workers;
  expect(tally(outcomes)).toEqual({ 200: outcomes.length });
  expect(await readiness).toEqual({
    status: 503,
    body: {
      status: 'not_ready',
      checks: [...otherChecks, { name: 'shutdown', ok: false, detail: 'shutting down' }],
    },
  });
  expect(await ended).toEqual({ code: 0, signal: null });
}, 120_000);

test('a shutdown reports not ready at once and accepts connections for 300 ms more, until load balancers have seen it', async () => {
  const readiness = async () => (await fetch(`${sojourn.adminOrigin}/readyz`)).status;
  expect(await readiness()).toBe(200);
  const begun = performance.now();
  const ended = sojourn.stop('SIGTERM');
  const seen: [ready: number | string, post: number | string][] = [];
  while (seen.at(-1)?.[1] !== 'ECONNREFUSED')
    seen.push([await readiness().catch(() => 'closed'), await post(new Agent())]);
  const lasted = performance.now() - begun;
  expect(seen).toContainEqual([503, 200]);
  // Node's timers may fire a millisecond early.
  expect(lasted).toBeGreaterThanOrEqual(298);
  expect(lasted).toBeLessThan(3_000);
  expect(await ended).toEqual({ code: 0, signal: null });
}, 60_000);

test('a shutdown with shutdown.drain of 1500 ms is not ready at once at both listeners, and accepts connections until then', async () => {
  const drained = await server({
    folder: await newFolder(),
    port: await steadyPort(),
    config: { shutdown: { drain: '1500ms' } },
  });
  const statusAt = async (url: string) => (await fetch(url).catch(() => undefined))?.status ?? 'closed';
  const look = () =>
    Promise.all(
      [
        `${drained.adminOrigin}/readyz`,
        `${drained.origin}/readyz`,
        `${drained.origin}/readyz/documents`,
        `${drained.origin}/jwks`,
      ].map(statusAt),
    );
  expect(await look()).toEqual([200, 200, 200, 200]);
  const begun = performance.now();
  const ended = drained.stop('SIGTERM');
  while ((await statusAt(`${drained.adminOrigin}/readyz`)) === 200) await sleep(5);
  const noticed = performance.now() - begun;
  let answered = noticed;
  for (let seen = await look(); seen[3] !== 'closed'; seen = await look()) {
    if (seen.includes('closed')) continue;
    expect(seen).toEqual([503, 503, 503, 200]);
    answered = performance.now() - begun;
    await sleep(20);
  }
  expect(noticed).toBeLessThan(500);
  expect(answered).toBeGreaterThan(1_300);
  expect(performance.now() - begun).toBeLessThan(5_000);
  expect(await ended).toEqual({ code: 0, signal: null });
}, 60_000);

test('a server that is stopped during its start shuts down in order and closes its database', async () => {
  const folder = await newFolder();
  const file = await writeConfig({ folder, port: await steadyPort() });
  await createIssuer(file, environment());
  expect(existsSync(join(folder, 'sojourn.db-wal'))).toBe(false);
  const child = spawn(process.execPath, [sojournProgram, 'serve', '--config', file], {
    env: environment(),
    stdio: 'ignore',
  });
  later(async () => child.kill('SIGKILL'));
  const ended = once(child, 'exit');
  while (!existsSync(join(folder, 'sojourn.db-wal'))) await sleep(5);
  child.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
  expect(existsSync(join(folder, 'sojourn.db-wal'))).toBe(false);
}, 60_000);
