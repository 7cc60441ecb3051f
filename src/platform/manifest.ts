/** What the package says of itself. Read and not imported: it lies outside of what is built. */
import { createRequire } from 'node:module';

interface Manifest {
  readonly version: string;
  readonly description: string;
  readonly license: string;
}

export const manifest = createRequire(import.meta.url)('../../package.json') as Manifest;
