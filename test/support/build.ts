/** Runs `npm run build` and `npm run build:sandbox` outside the working copy. */
import { execFile } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
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
  await promisify(execFile)(process.execPath, [
    join(root, 'src/clouds/presets/compile.ts'),
    join(outDir, 'clouds/presets'),
  ]);
  for (const name of ['package.json', 'bin'])
    cpSync(join(root, name), join(folder, name), { recursive: true });
}

/** Adds `config`, and the packages that `npm ci --omit=dev --omit=optional` installs, so that no other package can be found. */
export function addPackagesAndConfig(folder: string): void {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  const installed = Object.entries(packages)
    .filter(([path, entry]) => path !== '' && !entry.dev && !entry.optional && !entry.devOptional)
    .map(([path]) => path);
  for (const name of ['config', ...installed])
    cpSync(join(root, name), join(folder, name), { recursive: true });
}
