/**
 * Where programs that tests start keep what they compile (Node's own NODE_COMPILE_CACHE): hundreds are started, and most of
 * that would be reading the sources anew.
 */
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const compiled = { NODE_COMPILE_CACHE: join(tmpdir(), 'sojourn-compiled') };
