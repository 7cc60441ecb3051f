/**
 * The compile cache (NODE_COMPILE_CACHE) of programs that tests start. Tests start hundreds, and without the cache each
 * would compile the sources again. It stays for the next run.
 */
import { join } from 'node:path';

export const compiled = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/sojourn-compiled'),
};
