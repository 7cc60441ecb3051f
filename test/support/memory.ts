/**
 * A folder for tests with thousands of commits: in a file system in memory if there is one, because those tests kill
 * processes and do not depend on the durability of a disk.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

export const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
