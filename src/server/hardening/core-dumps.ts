/** Disables core dumps, so that a crash does not write private keys to disk. */
import { spawnSync } from 'node:child_process';
import type { Logger } from '../../platform/log/index.ts';

/**
 * In bytes. No core file is that small, so none is written. Only with a limit of 1 does Linux also skip a program that
 * `kernel.core_pattern` pipes core dumps to; with 0 it does not (core(5); fs/coredump.c).
 */
const limitBytes = 1;

const timeoutMs = 5_000;

/** Logs a warning on failure. Node cannot set limits, and prlimit (util-linux) is not installed everywhere. */
export function disableCoreDumps(logger: Logger): void {
  const command = ['--pid', String(process.pid), `--core=${limitBytes}:${limitBytes}`];
  spawnSync('prlimit', command, { stdio: 'ignore', timeout: timeoutMs });
  if (coreLimit() > limitBytes) {
    logger.warn(
      'cannot disable core dumps, which would contain the private keys: install prlimit (util-linux), or start the server with `ulimit -c 0`',
    );
  }
}

function coreLimit(): number {
  // Otherwise the report resolves the host names of all peers first.
  Object.assign(process.report, { excludeNetwork: true });
  const { userLimits } = process.report.getReport() as {
    userLimits?: { core_file_size_blocks?: { soft: number | 'unlimited' } };
  };
  const soft = userLimits?.core_file_size_blocks?.soft ?? 0;
  return soft === 'unlimited' ? Infinity : soft;
}
