import { expect, test } from '@jest/globals';
import { read, sources } from './source.ts';

interface Package {
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
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

test('the lockfile names no registry, so that it serves behind any mirror, and the hash of every package', () => {
  expect(read('package-lock.json')).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  expect(locked.filter(([, { resolved }]) => resolved !== undefined).map(([path]) => path)).toEqual([]);
  expect(locked.filter(([, { integrity }]) => !integrity).map(([path]) => path)).toEqual([]);
});

test('no package of a server in use runs a script when it is installed', () => {
  expect(
    locked.filter(([, { hasInstallScript, dev }]) => hasInstallScript && !dev).map(([path]) => path),
  ).toEqual([]);
});

test('the sources import what the manifest lists, and the manifest lists what they import', () => {
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
  expect([...packages].toSorted()).toEqual(Object.keys(manifest.dependencies).toSorted());
});
