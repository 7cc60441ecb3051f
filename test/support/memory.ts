/**
 * The folder for temporary files of a test run: in memory if there is enough, because tests wait for thousands of commits
 * to reach the disk. They kill processes, which loses nothing of what is in memory.
 */
import { accessSync, constants, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const memory = '/dev/shm';
/** A container has 64 MB there unless it is started with more. */
const leastBytes = 1024 ** 3;

export const createRunFolder = (): string =>
  mkdtempSync(join(isUsable(memory) ? memory : tmpdir(), 'sojourn-run-'));

function isUsable(folder: string): boolean {
  const probe = join(folder, `sojourn-probe-${process.pid}`);
  try {
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < leastBytes) return false;
    writeFileSync(probe, '', { mode: 0o700 });
    // Tests write programs and run them, which a file system that is mounted with noexec does not allow.
    accessSync(probe, constants.X_OK);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { force: true });
  }
}
