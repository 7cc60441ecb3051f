/**
 * The compile cache (NODE_COMPILE_CACHE) of programs that tests start. Tests start hundreds, and without the cache each
 * would compile the sources again.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), 'sojourn-compiled') };
