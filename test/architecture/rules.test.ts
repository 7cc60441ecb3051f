import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Source, sources, sourcesIn } from './source.ts';

/** The files outside `except` whose code has the pattern. */
const filesWith = (pattern: RegExp, except: (source: Source) => boolean): string[] =>
  sources.filter((source) => !except(source) && pattern.test(source.code)).map(({ file }) => file);

const leaving =
  /(?<![.\w])fetch\([^)]|\bhttps?\.(request|get)\b|\bnet\.connect\(|\btls\.connect\(|['"]undici['"]|['"]node:http2['"]/;

const inModules =
  (...modules: string[]) =>
  ({ module }: Source): boolean =>
    modules.includes(module);

describe('one place for each thing', () => {
  test('the patterns find what they look for where it may be', () => {
    const found = (pattern: RegExp) => filesWith(pattern, () => false);
    expect(found(/\bextends Error\b/)).toEqual(['src/platform/errors/index.ts', 'src/tools/sdk/error.ts']);
    expect(found(/\bprocess\.env\b/)).toEqual(['src/server/config/environment.ts']);
    expect(found(/\bDate\.now\b/)).toContain('src/platform/time/index.ts');
    expect(found(leaving)).toEqual([
      'src/platform/outbound/open.ts',
      'src/sandbox/demo/http.ts',
      'src/tools/sdk/request.ts',
    ]);
  });

  // The SDK runs in programs of others and imports nothing of the server: it has an error, a clock and a fetch given.
  test('one error class', () => {
    expect(filesWith(/\bextends \w*Error\b/, inModules('platform/errors', 'tools/sdk'))).toEqual([]);
  });

  test('only the configuration reads the environment', () => {
    expect(filesWith(/\bprocess\.env\b|\bprocess\[/, inModules('server/config'))).toEqual([]);
  });

  test('only outbound leaves the process', () => {
    // The demo speaks as its users' scripts would.
    expect(filesWith(leaving, inModules('platform/outbound', 'sandbox/demo', 'tools/sdk'))).toEqual([]);
  });

  test('only time knows the hour', () => {
    expect(
      filesWith(
        /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b/,
        inModules('platform/time', 'tools/sdk'),
      ),
    ).toEqual([]);
  });

  test('nothing is switched off and nothing is left for later', () => {
    const everywhere = [...sources, ...sourcesIn('test'), ...sourcesIn('bench')];
    // In two halves, or this line would find itself.
    const forbidden = new RegExp(
      ['@ts-', 'ignore|@ts-', 'nocheck|\\bTO', 'DO\\b|\\bFIX', 'ME\\b|\\b(test|describe)\\.sk', 'ip\\b'].join(
        '',
      ),
    );
    expect(everywhere.filter(({ text }) => forbidden.test(text)).map(({ file }) => file)).toEqual([]);
  });

  test('everything is exported by its name', () => {
    expect(filesWith(/^export default\b/m, () => false)).toEqual([]);
  });
});

/** Every package that is loaded with this file, of Node's own as well; what is imported for its types alone is not. */
function loadedWith(entry: string): string[] {
  const known = new Map(sources.map((source) => [source.file, source]));
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const code = known.get(name)?.code ?? '';
    for (const [, from = ''] of code.matchAll(/^(?:import|export)(?! type\b)[^'";]*?\bfrom '([^']+)'/gm))
      visit(from.startsWith('.') ? posix.join(posix.dirname(name), from) : from);
  };
  visit(entry);
  return [...seen].filter((name) => !known.has(name)).toSorted();
}

test.each(['agent', 'credentials', 'exec'])(
  'sojourn %s is small: no parser, no schemas, nothing of fetch',
  (name) => {
    const loaded = loadedWith(`src/tools/cli/commands/${name}.ts`);
    expect(loaded).toContain('node:path');
    expect(loaded.filter((one) => !/^node:/.test(one))).toEqual([
      'commander',
      ...(name === 'agent' ? ['pino'] : []),
    ]);
    expect(loaded.filter((one) => /^node:https?$/.test(one))).toEqual([]);
  },
);

describe('folders and files', () => {
  test('no folder is a drawer', () => {
    const drawer = /\/(utils?|helpers?|common|shared|libs?|types|managers?)\//;
    const all = [...sources, ...sourcesIn('test'), ...sourcesIn('bench')];
    expect(all.filter(({ file }) => drawer.test(file)).map(({ file }) => file)).toEqual([]);
  });

  test('no source is over 300 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 301).map(({ file }) => file)).toEqual([]);
  });

  test('every source says in its first line what it is', () => {
    expect(sources.filter(({ text }) => !text.startsWith('/**')).map(({ file }) => file)).toEqual([]);
  });

  test("every module's index.ts says in 8 lines at most what it owns and what it does not own", () => {
    const entries = sources.filter(({ file, module }) => file === `src/${module}/index.ts`);
    expect(entries.length).toBeGreaterThan(40);
    const silent = entries.filter(({ text }) => {
      const opening = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? '';
      const words = opening.replace(/\s*\n \*\s*/g, ' ');
      return opening.split('\n').length > 8 || !/\bOwns:/.test(words) || !/\bnot own:/.test(words);
    });
    expect(silent.map(({ file }) => file)).toEqual([]);
  });
});
