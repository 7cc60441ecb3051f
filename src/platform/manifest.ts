/** Fields of package.json. Loaded at run time, because the file is outside the build's root directory. */
import { createRequire } from 'node:module';

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

export const manifest = createRequire(import.meta.url)('../../package.json') as Manifest;
