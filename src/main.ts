/**
 * The program. bin/sojourn.js passes the environment, so that commands that tools run often need not load the
 * configuration module, which otherwise reads it.
 */
import { run, type Terminal } from './tools/cli/index.ts';

export async function main(argv: readonly string[], env: Terminal['env']): Promise<number> {
  // A closed pipe, as in `sojourn audit tail | head`, is not an error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
  return run(argv, {
    out: (text) => process.stdout.write(text),
    err: (text) => process.stderr.write(text),
    stdout: process.stdout,
    env,
  });
}
