/** Which sources are mutated, and which tests run against a mutant, in stages: fast ones first. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** By module: the pattern of its sources, and the patterns of its own tests. */
export const modules: Readonly<Record<string, { sources: string; tests: readonly string[] }>> = {
  policy: {
    sources: 'src/access/policy/*.ts',
    tests: ['test/access/policy/*.test.ts', 'test/tools/cli/policy.test.ts'],
  },
  keys: {
    sources: 'src/tokens/keys/{ring,ring-file,ring-files,keyring,keyrings,stored-ring,signing-keys,parse}.ts',
    tests: [
      'test/tokens/keys/{clock,half-made,keyring,keyrings,model,next-step,rekey,replicas}.test.ts',
      'test/tokens/keys/{ring-file,ring-properties,tenants,propagation}.test.ts',
    ],
  },
  federation: { sources: 'src/access/federation/*.ts', tests: ['test/access/federation/*.test.ts'] },
  exchange: {
    sources: 'src/tokens/exchange/*.ts',
    tests: [
      'test/tokens/exchange/*.test.ts',
      'test/tokens/publishing/s3.test.ts',
      'test/access/policy/purposes.test.ts',
      'test/access/suspension/sqlite.test.ts',
    ],
  },
  issuer: {
    sources: 'src/tokens/issuer/*.ts',
    tests: [
      'test/tokens/issuer/*.test.ts',
      'test/server/http/{admin-audit,admin-clients,client-certificate,documents,failed-sign-ins}.test.ts',
      'test/access/federation/{choice,forged,sign-in}.test.ts',
      'test/access/policy/conditions.test.ts',
      'test/tokens/publishing/ticks.test.ts',
      'test/e2e/bounds.test.ts',
    ],
  },
};

const glob = (patterns: readonly string[]): string[] =>
  globSync([...patterns], { cwd: root })
    .map((file) => file.replaceAll('\\', '/'))
    .toSorted();

export const sourcesOf = (module: string): string[] => glob([modules[module]!.sources]);

const unitTests = execFileSync(process.execPath, [join(root, 'test/support/unit-tests.ts')], {
  encoding: 'utf8',
}).split('\n');

/** Whether a test imports one of these files itself; through other modules, nearly every test reaches them all. */
export const importsAny = (test: string, files: readonly string[]): boolean =>
  [...readFileSync(join(root, test), 'utf8').matchAll(/\bfrom '(\.[^']+\.ts)'/g)].some(([, from = '']) =>
    files.includes(posix.join(posix.dirname(test), from)),
  );

/** The stages of a module: unit tests, its own and those that import it, and then its other tests. */
export function stagesOf(module: string): readonly (readonly string[])[] {
  const own = glob(modules[module]!.tests);
  const sources = sourcesOf(module);
  const units = unitTests.filter((file) => file !== '' && (own.includes(file) || importsAny(file, sources)));
  const others = own.filter((file) => !units.includes(file));
  return [units, others].filter((files) => files.length > 0);
}
