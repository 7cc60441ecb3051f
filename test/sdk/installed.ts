/** A folder in which `sojourn` is installed as others install it: what `npm run build` makes, and the clouds' packages. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export const root = join(import.meta.dirname, '../..');
export const tsc = join(root, 'node_modules/typescript/bin/tsc');

export async function installInto(folder: string): Promise<void> {
  const installed = join(folder, 'node_modules/sojourn');
  const outDir = join(installed, 'dist/sdk');
  mkdirSync(outDir, { recursive: true });
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.sdk.json', '--outDir', outDir], {
    cwd: root,
  });
  cpSync(join(root, 'package.json'), join(installed, 'package.json'));
  for (const name of ['jose', '@types', '@smithy', '@aws-sdk', '@azure', 'google-auth-library', 'gaxios'])
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
}
