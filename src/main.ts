/** The program. bin/sojourn.js has made sure that this Node can run it. */
import { run } from './cli/index.ts';
import { environment } from './config/index.ts';

// A reader that has gone away, as in `sojourn audit tail | head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

process.exitCode = await run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  stdout: process.stdout,
  env: environment(),
});
