/** A crash must not write the memory to a disk. */
import { spawnSync } from 'node:child_process';
import type { Logger } from '../../platform/log/index.ts';

/**
 * In bytes. No core file is that small, so none is written; and it is the one limit with which Linux also leaves a program
 * alone that `kernel.core_pattern` pipes core dumps to, which a limit of 0 does not (core(5); fs/coredump.c).
 */
const limit = 1;

const patienceMs = 5_000;

/** Says in the log when it cannot be done: Node cannot set limits itself, and prlimit (util-linux) is not everywhere. */
export function disableCoreDumps(logger: Logger): void {
  const command = ['--pid', String(process.pid), `--core=${limit}:${limit}`];
  spawnSync('prlimit', command, { stdio: 'ignore', timeout: patienceMs });
  if (coreLimit() > limit) {
    logger.warn(
      'a crash would write a core dump, which holds the private keys: install prlimit (util-linux), or start the server with `ulimit -c 0`',
    );
  }
}

function coreLimit(): number {
  // Or it would look up the names of all peers first.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as {
    userLimits?: { core_file_size_blocks?: { soft: number | 'unlimited' } };
  };
  const soft = userLimits?.core_file_size_blocks?.soft ?? 0;
  return soft === 'unlimited' ? Infinity : soft;
}
