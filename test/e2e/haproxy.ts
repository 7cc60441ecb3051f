/** A real HAProxy on loopback (Debian: haproxy) in front of replicas, with the health checks of its defaults. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { later, newFolder, steadyPort } from './stage.ts';

const program = '/usr/sbin/haproxy';

/** With the configuration of `docs/operations.md`, for two replicas. Resolves to its origin. */
export async function haproxy(replicas: readonly [string, string]): Promise<string> {
  const document = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const [, example = ''] = /```haproxy\n(.*?)```/s.exec(document) ?? [];
  const port = await steadyPort();
  const file = join(await newFolder(), 'haproxy.cfg');
  const [first, second] = replicas.map((origin) => new URL(origin).host);
  const config = example
    .replace('frontend public', `frontend public\n  bind 127.0.0.1:${port}`)
    .replaceAll('10.0.0.11:8080', String(first))
    .replaceAll('10.0.0.12:8080', String(second));
  await writeFile(
    file,
    `defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
${config}`,
  );
  const child = spawn(program, ['-db', '-f', file], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  later(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  return `http://127.0.0.1:${port}`;
}
