import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { compiled } from '../../support/compiled.ts';
import { recorder, sojourn } from './arrange.ts';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts `sojourn` and leaves it running; `said` resolves with the first match of its output. */
function start(args: readonly string[], env: Record<string, string> = {}) {
  const program = join(import.meta.dirname, '../../../bin/sojourn.js');
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env.PATH ?? '', ...compiled, ...env },
  });
  children.push(child);
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  return {
    child,
    said: async (pattern: RegExp): Promise<RegExpExecArray> => {
      for (;;) {
        const match = pattern.exec(out);
        if (match) return match;
        await once(child.stdout, 'data', { signal: AbortSignal.timeout(15_000) });
      }
    },
    ended: async (): Promise<number | null> => {
      return child.exitCode ?? ((await once(child, 'exit')) as [number])[0];
    },
  };
}

test('the sandbox runs until SIGTERM', async () => {
  const { child, said, ended } = start(['sandbox', '--listen', '127.0.0.1:0']);
  const [, origin] = await said(/The sandbox clouds are at (\S+):/);
  expect((await fetch(`${origin}/sandbox/log`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await ended()).toBe(0);
});

test('sojourn sandbox reports in one sentence that its address is in use', async () => {
  const other = await recorder();
  const address = other.origin.replace('http://', '');
  expect(await sojourn(['sandbox', '--listen', address])).toEqual({
    code: 2,
    out: '',
    err: `--listen ${address} cannot be used (EADDRINUSE).\n`,
  });
  await other.close();
});

test('sojourn audit tail prints new entries once each and in order', async () => {
  const server = await recorder();
  const entries = (...ids: number[]) => ({
    body: {
      items: ids.map((id) => ({
        id,
        occurred_at: 'T',
        event: 'token.issued',
        outcome: 'ok',
        actor: 'cli_1',
      })),
    },
  });
  server.answers = { 'GET /admin/v1/audit': entries(7) };
  const { child, said } = start(['audit', 'tail', '--json'], {
    SOJOURN_ADMIN_URL: server.origin,
    SOJOURN_ADMIN_TOKEN: 'admin-token-of-the-tests-0123456789',
  });
  while (server.asked().length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  server.answers = { 'GET /admin/v1/audit': entries(9, 8, 7) };
  await said(/"id":9/);
  server.answers = { 'GET /admin/v1/audit': entries(10, 9, 8) };
  const { input } = await said(/"id":10/);
  expect(input.match(/"id":\d+/g)).toEqual(['"id":8', '"id":9', '"id":10']);
  child.kill('SIGTERM');
  await server.close();
});
