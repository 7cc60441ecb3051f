/**
 * A big YAML file, read by a process of its own: the parser needs a hundred times the size of the file, and what a process
 * has grown to for that it does not give back while it lives. A thread does not help: its pages stay with the process.
 */
import { fork } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readYamlFile } from './yaml-file.ts';

/** A process costs a tenth of a second; below this the parser needs a few megabytes. */
const bigBytes = 64 * 1024;
const program = fileURLToPath(new URL('./yaml-program.ts', import.meta.url));

/** What stands in the file, as `readYamlFile` has it in `raw`. Rejects as that does. */
export async function readYamlApart(file: string, maxBytes: number): Promise<unknown> {
  const size = (await stat(file).catch(() => undefined))?.size ?? 0;
  const read = size > bigBytes && size <= maxBytes ? await inProcess(file, maxBytes) : undefined;
  // Small, or refused: the refusal is told by whoever is to hear it.
  return read ? read.raw : (await readYamlFile(file, maxBytes)).raw;
}

/** Undefined for what cannot be read. Nothing of our environment goes along, which may hold secrets. */
function inProcess(file: string, maxBytes: number): Promise<{ readonly raw: unknown } | undefined> {
  return new Promise((resolve) => {
    const child = fork(program, [file, String(maxBytes)], {
      env: {},
      execArgv: ['--no-warnings'],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.once('message', (read) => resolve(read as { readonly raw: unknown }));
    child.once('error', () => resolve(undefined));
    child.once('exit', () => resolve(undefined));
  });
}
