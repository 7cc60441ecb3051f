/** Runs the shell examples of a document in a new folder, as a reader would in a clean clone. */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiled } from '../support/compiled.ts';
import { loopbackOnly } from '../support/no-network.ts';
import { freePort } from '../support/redis.ts';
import { root } from './documents.ts';

export interface ExampleRun {
  readonly code: number | null;
  readonly output: string;
}

/**
 * Runs all blocks in one shell, because later blocks use variables of earlier ones. Replaces only the ports, which may be
 * in use on this machine. Ends the whole process group with the shell.
 */
export async function runBlocks(blocks: readonly string[]): Promise<ExampleRun> {
  const folder = mkdtempSync(join(tmpdir(), 'sojourn-docs-'));
  for (const name of ['package.json', 'bin', 'src', 'node_modules'])
    symlinkSync(join(root, name), join(folder, name));
  cpSync(join(root, 'config'), join(folder, 'config'), { recursive: true });
  const [publicPort, adminPort, sandboxPort, agentPort] = [
    await freePort(),
    await freePort(),
    await freePort(),
    await freePort(),
  ];
  const script = blocks
    .join('\n')
    .replaceAll('127.0.0.1:8080', `127.0.0.1:${publicPort}`)
    .replaceAll('127.0.0.1:8081', `127.0.0.1:${adminPort}`)
    .replaceAll('127.0.0.1:8090', `127.0.0.1:${sandboxPort}`)
    .replaceAll('127.0.0.1:9180', `127.0.0.1:${agentPort}`);
  const log = join(folder, 'output');
  const file = openSync(log, 'a');
  // Background jobs keep the output open, so it is a file, and the example ends when the shell exits. The shell limits its
  // own time, because nobody else ends its loops and servers if this process is killed.
  const shell = spawn('sh', ['-ec', `(sleep 240; kill -KILL -$$) &\n${script}`], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', file, file],
    env: {
      PATH: process.env.PATH ?? '',
      ...loopbackOnly,
      HOME: folder,
      ...compiled,
      SOJOURN_ISSUER: `http://127.0.0.1:${publicPort}`,
      SOJOURN_LISTEN_PUBLIC: `127.0.0.1:${publicPort}`,
      SOJOURN_LISTEN_ADMIN: `127.0.0.1:${adminPort}`,
      SOJOURN_ADMIN_URL: `http://127.0.0.1:${adminPort}`,
    },
  });
  const group = -(shell.pid ?? 0);
  const code = await new Promise<number | null>((resolve) => {
    shell.once('exit', resolve);
  });
  try {
    process.kill(group, 'SIGKILL');
  } catch (error) {
    // ESRCH: no process of the example is left.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  const output = readFileSync(log, 'utf8');
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  return { code, output };
}
