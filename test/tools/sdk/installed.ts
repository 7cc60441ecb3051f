/** Installs `sojourn` into a directory like a user would: the output of `npm run build` and the clouds' packages. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildInto } from '../../support/build.ts';

export { tsc } from '../../support/build.ts';
export const root = join(import.meta.dirname, '../../..');

export async function installInto(folder: string): Promise<void> {
  const installed = join(folder, 'node_modules/sojourn');
  mkdirSync(installed, { recursive: true });
  await buildInto(installed);
  for (const name of ['jose', '@types', '@smithy', '@aws-sdk', '@azure', 'google-auth-library', 'gaxios'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
}
