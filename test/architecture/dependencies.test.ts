import { expect, test } from '@jest/globals';
import { read, sources } from './source.ts';

interface Package {
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
  readonly peerDependenciesMeta: Record<string, { optional?: boolean }>;
  readonly devDependencies: Record<string, string>;
  readonly overrides: Record<string, string>;
}

const manifest = JSON.parse(read('package.json')) as Package;
const lock = JSON.parse(read('package-lock.json')) as {
  packages: Record<
    string,
    { resolved?: string; integrity?: string; hasInstallScript?: boolean; dev?: boolean }
  >;
};
const locked = Object.entries(lock.packages).filter(([path]) => path !== '');

test('every dependency is pinned to one version', () => {
  const { dependencies, optionalDependencies, devDependencies, overrides } = manifest;
  const all = Object.entries({ ...dependencies, ...optionalDependencies, ...devDependencies, ...overrides });
  expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
});

test('the lockfile has the hash of every package and no registry URL, so that it works with any mirror', () => {
  expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  expect(locked.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
});

test('no runtime dependency has an install script', () => {
  expect(
    locked.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev).map(([path]) => path),
  ).toEqual([]);
});

test('npm runs no install scripts, not even those of development dependencies', () => {
  expect(read('.npmrc').split('\n')).toContain('ignore-scripts=true');
  // With ignore-scripts, npm does not run our own pre- and post-scripts either, so there must be none.
  const own = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  expect(Object.keys(own).filter((name) => /^(pre|post)|^(install|prepare)$/.test(name))).toEqual([]);
});

test('packages that only some servers need are optional peer dependencies, tested with one pinned version', () => {
  const { peerDependencies, peerDependenciesMeta, devDependencies } = manifest;
  for (const [name, range] of Object.entries(peerDependencies)) {
    expect(peerDependenciesMeta[name]).toEqual({ optional: true });
    expect(range).toBe(`^${devDependencies[name]}`);
  }
});

test('the manifest lists exactly the packages that the sources import', () => {
  const packages = new Set(
    sources
      .flatMap(({ imports }) => imports)
      .filter((name) => /^[@a-z]/.test(name) && !/^(node:|src\/|package\.json)/.test(name))
      .map((name) =>
        name
          .split('/')
          .slice(0, name.startsWith('@') ? 2 : 1)
          .join('/'),
      ),
  );
  const { dependencies, peerDependencies } = manifest;
  expect([...packages].toSorted()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).toSorted());
});
