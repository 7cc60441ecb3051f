/** The shell examples of a document, run in a folder of their own as a reader would from a clean clone. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from '../support/compiled.ts';
import { freePort } from '../support/redis.ts';
import { root } from './documents.ts';

export interface Ran {
  readonly code: number | null;
  readonly output: string;
}

/**
 * One shell for all blocks, since a later one uses what an earlier one captured. Only ports are substituted: those of
 * the examples may be taken on this machine. The whole process group ends with the shell.
 */
export async function runBlocks(blocks: readonly string[]): Promise<Ran> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-docs-'));
  for (const name of ['package.json', 'bin', 'src', 'node_modules'])
    symlinkSync(join(root, name), join(folder, name));
  cpSync(join(root, 'config'), join(folder, 'config'), { recursive: true });
  const [open, admin, sandbox, agent] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const script = blocks
    .join('\n')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${open}`)
    .replaceAll('127.0.0.1:8081', `127.0.0.1:${admin}`)
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${sandbox}`)
    .replaceAll('127.0.0.1:9180', `127.0.0.1:${agent}`);
  const log = join(folder, 'output');
  const file = openSync(log, 'a');
  // Background jobs hold the output open: it is a file, and the end of the shell is the end of the example.
  const shell = spawn('sh', ['-ec', script], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', file, file],
    env: {
      PATH: process.env.PATH ?? '',
      HOME: folder,
      ...compiled,
      SOJOURN_ISSUER: `http://127.0.0.1:${open}`,
      SOJOURN_LISTEN_PUBLIC: `127.0.0.1:${open}`,
      SOJOURN_LISTEN_ADMIN: `127.0.0.1:${admin}`,
      SOJOURN_ADMIN_URL: `http://127.0.0.1:${admin}`,
    },
  });
  const group = -(shell.pid ?? 0);
  const watchdog = setTimeout(() => process.kill(group, 'SIGKILL'), 240_000);
  const code = await new Promise<number | null>((resolve) => {
    shell.once('exit', resolve);
  });
  clearTimeout(watchdog);
  try {
    process.kill(group, 'SIGKILL');
  } catch (error) {
    // ESRCH: the example left nothing behind.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  const output = readFileSync(log, 'utf8');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return { code, output };
}
