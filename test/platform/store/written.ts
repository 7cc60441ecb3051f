/** Starts test/platform/store/writer.ts and reads its output. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface Writer {
  readonly child: ChildProcess;
  /** The complete lines so far. */
  lines(): string[];
  /** Resolves when the first line is there; rejects when the process ends before it. */
  readonly begun: Promise<unknown>;
  readonly ended: Promise<unknown>;
}

export interface WriterOptions {
  readonly kilobytesPerFile?: number;
  readonly environment?: Readonly<Record<string, string>>;
}

export function startWriter(
  url: string,
  name: string,
  { kilobytesPerFile, environment }: WriterOptions = {},
): Writer {
  const script = fileURLToPath(new URL('writer.ts', import.meta.url));
  // POSIX counts ulimit -f in blocks of 512 bytes; this limit is the full disk of the tests.
  const limit = kilobytesPerFile === undefined ? '' : `ulimit -f ${kilobytesPerFile * 2}; `;
  const child = spawn(
    'sh',
    ['-c', `${limit}exec "$@"`, 'sh', process.execPath, '--no-warnings', script, url, name],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '', ...environment },
    },
  );
  let output = '';
  const begun = new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (chunk) => {
      output += String(chunk);
      resolve();
    });
    child.once('close', () => reject(new Error(`the writer ${name} ended before it wrote`)));
  });
  return { child, begun, ended: once(child, 'close'), lines: () => output.split('\n').slice(0, -1) };
}
