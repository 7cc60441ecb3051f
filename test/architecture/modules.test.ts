import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { cloudNames } from '../../src/clouds/index.ts';
import { backendNames } from '../../src/tokens/keys/index.ts';
import { areas } from './areas.ts';
import { areaOf, moduleOf, type Source, sources } from './source.ts';

interface Import {
  readonly from: Source;
  readonly target: string;
}

const imports: readonly Import[] = sources.flatMap((from) =>
  from.imports.filter((target) => target.startsWith('src/')).map((target) => ({ from, target })),
);
const across = imports.filter(({ from, target }) => from.module !== moduleOf(target));
const shown = ({ from, target }: Import): string => `${from.file} → ${target}`;
const layerOf = (area: string): number => areas.indexOf(area);

/** The nodes that reach themselves. */
function circles(arrows: readonly (readonly [string, string])[]): string[] {
  const next = new Map<string, Set<string>>();
  for (const [from, to] of arrows) next.set(from, (next.get(from) ?? new Set()).add(to));
  const reaches = (start: string, goal: string): boolean => {
    const seen = new Set<string>();
    const open = [start];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const one of next.get(node) ?? []) {
        if (one === goal) return true;
        if (!seen.has(one)) open.push(one);
        seen.add(one);
      }
    }
    return false;
  };
  return [...next.keys()].filter((node) => reaches(node, node));
}

describe('areas', () => {
  test('src has main.ts and eight areas', () => {
    expect(readdirSync(join(import.meta.dirname, '../../src')).toSorted()).toEqual(
      areas.map((area) => (area === 'main' ? 'main.ts' : area)).toSorted(),
    );
    expect(areas).toHaveLength(9);
  });

  test('an area imports only from itself and from the areas below it', () => {
    expect(across.length).toBeGreaterThan(100);
    expect(
      across.filter(({ from, target }) => layerOf(areaOf(target)) < layerOf(from.area)).map(shown),
    ).toEqual([]);
  });
});

describe('modules', () => {
  test('a module is imported through its index.ts', () => {
    expect(
      across
        .filter(({ target }) => !target.endsWith('/index.ts') && target !== `src/${moduleOf(target)}.ts`)
        .map(shown),
    ).toEqual([]);
  });

  test('modules have no circular imports', () => {
    expect(circles(across.map(({ from, target }) => [from.module, moduleOf(target)]))).toEqual([]);
  });

  test('files have no circular imports, including type imports', () => {
    expect(circles(imports.map(({ from, target }) => [from.file, target]))).toEqual([]);
    // The search itself finds a circle where there is one.
    expect(
      circles([
        ['a', 'b'],
        ['b', 'c'],
        ['c', 'b'],
      ]),
    ).toEqual(['b', 'c']);
  });
});

describe('boundaries of single modules', () => {
  test('only the demo imports the sandbox clouds, and only the command line loads them', () => {
    const importing = across.filter(({ target }) => areaOf(target) === 'sandbox');
    expect(new Set(importing.map(({ from }) => from.module))).toEqual(new Set(['sandbox/demo']));
    const loading = sources.filter(({ area, code }) => area !== 'sandbox' && /\/sandbox\//.test(code));
    expect(loading.map(({ file }) => file)).toEqual(['src/tools/cli/commands/programs.ts']);
  });

  test('the sandbox clouds share no code with the server that reads tokens or trust', () => {
    const used = across.filter(({ from }) => from.module === 'sandbox').map(({ target }) => moduleOf(target));
    expect(new Set(used)).toEqual(new Set(['platform/errors', 'platform/outbound', 'platform/time']));
  });

  test('the SDK imports no other module', () => {
    expect(across.filter(({ from }) => from.module === 'tools/sdk').map(shown)).toEqual([]);
  });

  test('no cloud imports another cloud', () => {
    const folder = new RegExp(`^src/clouds/(${cloudNames.join('|')})/`);
    const cloudOf = (file: string) => folder.exec(file)?.[1];
    expect(
      imports
        .filter(({ from, target }) => {
          const [own, other] = [cloudOf(from.file), cloudOf(target)];
          return own !== undefined && other !== undefined && own !== other;
        })
        .map(shown),
    ).toEqual([]);
  });

  test('each key backend has one folder, and none imports another', () => {
    const folderOf = (file: string) => /^src\/tokens\/keys\/([^/]+)\//.exec(file)?.[1];
    const folders = new Set(sources.flatMap(({ file }) => folderOf(file) ?? []));
    // Shared by the key services.
    folders.delete('service');
    expect([...folders].toSorted()).toEqual(backendNames.toSorted());
    const crossing = imports.filter(({ from, target }) => {
      const [own, other] = [folderOf(from.file), folderOf(target)];
      return own !== undefined && other !== undefined && own !== other && other !== 'service';
    });
    expect(crossing.map(shown)).toEqual([]);
  });
});
