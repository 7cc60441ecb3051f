/**
 * Where a test keeps what thousands of commits are made to: whether a process was killed is the matter there, and what a
 * disk makes of it is not. A file system in memory, where there is one.
 */
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';

export const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
