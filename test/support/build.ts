/** Runs `npm run build` and `npm run build:sandbox` outside the working copy. */
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
export const tsc = join(root, 'node_modules/typescript/bin/tsc');

/** Builds the server, or everything with the sandbox, into `dist` of the folder, and adds `package.json` and `bin` as in an image. */
export async function buildInto(
  folder: string,
  project: 'tsconfig.build.json' | 'tsconfig.sandbox.json' = 'tsconfig.build.json',
): Promise<void> {
  const outDir = join(folder, 'dist');
  await promisify(execFile)(process.execPath, [tsc, '-p', project, '--outDir', outDir], { cwd: root });
  const assets = 'onboarding/page/assets';
  cpSync(join(root, 'src', assets), join(outDir, assets), { recursive: true });
  for (const name of ['package.json', 'bin'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
}
