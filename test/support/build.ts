/** What `npm run build` makes, somewhere else than in the working copy. */
import { execFile } from 'node:child_process';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = join(import.meta.dirname, '../..');
export const tsc = join(root, 'node_modules/typescript/bin/tsc');

/** Makes `dist` in this folder, and puts `package.json` and `bin` beside it, as an image and a package have them. */
export async function buildInto(folder: string): Promise<void> {
  const outDir = join(folder, 'dist');
  await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: root,
  });
  cpSync(join(root, 'src/page/assets'), join(outDir, 'page/assets'), { recursive: true });
  for (const name of ['package.json', 'bin'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
}
