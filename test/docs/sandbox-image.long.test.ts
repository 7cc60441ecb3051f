/** The image target `sandbox`: its build, started from a folder that has only the files of the image. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { addPackagesAndConfig, buildInto } from '../support/build.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-sandbox-image-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the demo and the sandbox run from the files of the image target `sandbox`', async () => {
  await buildInto(folder, 'tsconfig.sandbox.json');
  addPackagesAndConfig(folder);
  const run = (args: string[]) =>
    spawn(process.execPath, args, { cwd: folder, env: { NODE_ENV: 'production' }, stdio: 'pipe' });

  const sandbox = run(['bin/sojourn.js', 'sandbox', '--listen', '127.0.0.1:0']);
  const [line] = (await once(sandbox.stdout, 'data')) as [Buffer];
  const [origin = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(String(line)) ?? [];
  expect((await fetch(`${origin}/sandbox/log`)).status).toBe(200);
  sandbox.kill('SIGTERM');
  expect((await once(sandbox, 'exit'))[0]).toBe(0);

  expect((await once(run(['bin/sojourn.js', 'demo']), 'exit'))[0]).toBe(0);
}, 120_000);
