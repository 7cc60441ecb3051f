/**
 * Prints the unit tests: those that reach, by their imports, nothing that starts a process or listens on a port. Without the
 * property tests of the linters, which draw thousands of documents.
 */
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const root = join(import.meta.dirname, '../..');
const starts = /\bnode:(child_process|cluster)'|\.listen\(/;

const known = new Map<string, boolean>();

/** Whether this file, or one that it imports, starts a process or listens. */
function isHeavy(file: string): boolean {
  const before = known.get(file);
  if (before !== undefined) return before;
  // For a circle, which the architecture tests forbid in src.
  known.set(file, false);
  const source = readFileSync(join(root, file), 'utf8');
  const imports = [...source.matchAll(/\bfrom '(\.[^']+\.ts)'|\bimport\('(\.[^']+\.ts)'\)/g)];
  const heavy =
    starts.test(source) ||
    imports.some(([, from, loaded]) => isHeavy(posix.join(posix.dirname(file), from ?? loaded ?? '')));
  known.set(file, heavy);
  return heavy;
}

const tests = globSync('test/**/*.test.ts', { cwd: root })
  .filter((file) => !file.endsWith('-property.test.ts'))
  .toSorted();
console.log(tests.filter((file) => !isHeavy(file)).join('\n'));
