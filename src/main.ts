/**
 * The program, with the environment that bin/sojourn.js hands it: the configuration, which reads it otherwise, is far more
 * than a command needs that tools run again and again.
 */
import { type Face, run } from './tools/cli/index.ts';

export async function main(argv: readonly string[], env: Face['env']): Promise<number> {
  // A reader that has gone away, as in `sojourn audit tail | head`, is no failure.
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
