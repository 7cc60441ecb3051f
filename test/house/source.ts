/** The sources as the laws of the house look at them: files, rooms and who imports whom. */
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

const root = join(import.meta.dirname, '../..');

export interface Source {
  /** `src/keys/file/index.ts` */
  readonly file: string;
  /** The folder below src, or the file's own name for the files of the top floor. */
  readonly room: string;
  readonly text: string;
  /** Without the lines that are comments, which may speak of anything. */
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
      return { file, room: roomOf(file), text, code, imports: importsOf(file, code) };
    });
}

export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** `src/keys/ring.ts` is in the room keys; `src/compose.ts` is a room of its own. */
export const roomOf = (file: string): string => file.split('/')[1]?.replace(/\.ts$/, '') ?? '';

function importsOf(file: string, code: string): string[] {
  return importPatterns
    .flatMap((pattern) => [...code.matchAll(pattern)].map(([, specifier = '']) => specifier))
    .map((specifier) =>
      specifier.startsWith('.') ? posix.normalize(`${dirname(file)}/${specifier}`) : specifier,
    );
}

export const sources = sourcesIn('src');
