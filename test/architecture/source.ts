/** The sources as the architecture tests read them: files, modules, areas, and which file imports which. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Source {
  /** `src/tokens/keys/file/index.ts` */
  readonly file: string;
  /** The first folder below `src`, or `main` for `src/main.ts`. */
  readonly area: string;
  readonly module: string;
  readonly text: string;
  /** Without the lines that are comments. */
  readonly code: string;
  /** What it imports, as file names when they are ours and as written when they are packages. */
  readonly imports: readonly string[];
}

const importPatterns = [
  /^\s*(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]/gm,
  /^\s*import\s*['"]([^'"]+)['"]/gm,
  /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
];

/** Every TypeScript file below this folder. */
export function sourcesIn(folder: string): Source[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root })
    .toSorted()
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const code = text
        .split('\n')
        .filter((line) => !/^\s*(\/\/|\/?\*)/.test(line))
        .join('\n');
      return { file, area: areaOf(file), module: moduleOf(file), text, code, imports: importsOf(file, code) };
    });
}

export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

export const areaOf = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';

/**
 * `src/tokens/keys/ring.ts` is in the module `tokens/keys`. The clouds are one module, and so are the sandbox clouds, whose
 * only other module is the demo. `src/platform/manifest.ts` is a module of one file.
 */
export function moduleOf(file: string): string {
  const [, area = '', folder = ''] = file.replace(/\.ts$/, '').split('/');
  return area === 'clouds' || (area === 'sandbox' && folder !== 'demo') || folder === ''
    ? area
    : `${area}/${folder}`;
}

function importsOf(file: string, code: string): string[] {
  return importPatterns
    .flatMap((pattern) => [...code.matchAll(pattern)].map(([, specifier = '']) => specifier))
    .map((specifier) =>
      specifier.startsWith('.') ? posix.normalize(`${dirname(file)}/${specifier}`) : specifier,
    );
}

export const sources = sourcesIn('src');
