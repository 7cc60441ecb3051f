import { posix } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { type Source, sources, sourcesIn } from './source.ts';

/** The files outside `except` whose code has the pattern. */
const filesWith = (pattern: RegExp, except: (source: Source) => boolean): string[] =>
  sources.filter((source) => !except(source) && pattern.test(source.code)).map(({ file }) => file);

const networkAccess =
  /(?<![.\w])fetch\([^)]|\bhttps?\.(request|get)\b|\bnet\.connect\(|\btls\.connect\(|['"]undici['"]|['"]node:http2['"]/;

const inModules =
  (...modules: string[]) =>
  ({ module }: Source): boolean =>
    modules.includes(module);

describe('the sources', () => {
  test('contain what the patterns of these tests search for, where it is allowed', () => {
    const filesMatching = (pattern: RegExp) => filesWith(pattern, () => false);
    expect(filesMatching(/\bextends Error\b/)).toEqual([
      'src/platform/errors/index.ts',
      'src/tools/sdk/error.ts',
    ]);
    expect(filesMatching(/\bprocess\.env\b/)).toEqual(['src/server/config/environment.ts']);
    expect(filesMatching(/\bDate\.now\b/)).toContain('src/platform/time/index.ts');
    expect(filesMatching(networkAccess)).toEqual([
      'src/platform/outbound/open.ts',
      'src/sandbox/demo/http.ts',
      'src/tools/sdk/request.ts',
    ]);
  });

  // The SDK runs in the programs of its users and imports nothing from the server, so it has its own error class, clock and fetch.
  test('define error classes only in platform/errors and the SDK', () => {
    expect(filesWith(/\bextends \w*Error\b/, inModules('platform/errors', 'tools/sdk'))).toEqual([]);
  });

  test('read environment variables only in server/config', () => {
    expect(filesWith(/\bprocess\.env\b|\bprocess\[/, inModules('server/config'))).toEqual([]);
  });

  test('open network connections only in platform/outbound, the demo and the SDK', () => {
    // The demo sends requests as the scripts of its users do.
    expect(filesWith(networkAccess, inModules('platform/outbound', 'sandbox/demo', 'tools/sdk'))).toEqual([]);
  });

  test('read the clock only in platform/time and the SDK', () => {
    expect(
      filesWith(
        /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b/,
        inModules('platform/time', 'tools/sdk'),
      ),
    ).toEqual([]);
  });

  test('and the tests contain no disabled checks, skipped tests or to-do comments', () => {
    const everywhere = [...sources, ...sourcesIn('test'), ...sourcesIn('bench')];
    // The words are split so that this file does not match.
    const forbidden = new RegExp(
      ['@ts-', 'ignore|@ts-', 'nocheck|\\bTO', 'DO\\b|\\bFIX', 'ME\\b|\\b(test|describe)\\.sk', 'ip\\b'].join(
        '',
      ),
    );
    expect(everywhere.filter(({ text }) => forbidden.test(text)).map(({ file }) => file)).toEqual([]);
  });

  test('have no default exports', () => {
    expect(filesWith(/^export default\b/m, () => false)).toEqual([]);
  });
});

/** Every package that is loaded with this file, including those of Node.js; type-only imports do not load anything. */
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
  'the command sojourn %s loads no parser, no schema library and no HTTP client',
  (name) => {
    const loaded = loadedWith(`src/tools/cli/commands/${name}.ts`);
    expect(loaded).toContain('node:path');
    expect(loaded.filter((name) => !/^node:/.test(name))).toEqual([
      'commander',
      ...(name === 'agent' ? ['pino'] : []),
    ]);
    expect(loaded.filter((name) => /^node:https?$/.test(name))).toEqual([]);
  },
);

test.each(['approval', 'audit', 'can', 'claims', 'connection', 'outage', 'tenant', 'webhook'])(
  'the command sojourn %s loads no parser and no schema library',
  (name) => {
    const loaded = loadedWith(`src/tools/cli/commands/${name}.ts`);
    expect(loaded.filter((name) => !/^node:/.test(name))).toEqual(['commander']);
  },
);

test('the list of commands loads none of them', () => {
  expect(loadedWith('src/tools/cli/all-commands.ts')).toEqual([]);
});

describe('folders and files', () => {
  test('have no generic folder names such as utils or helpers', () => {
    const genericName = /\/(utils?|helpers?|common|shared|libs?|types|managers?)\//;
    const all = [...sources, ...sourcesIn('test'), ...sourcesIn('bench')];
    expect(all.filter(({ file }) => genericName.test(file)).map(({ file }) => file)).toEqual([]);
  });

  test('of src have at most 300 lines', () => {
    expect(sources.filter(({ text }) => text.split('\n').length > 301).map(({ file }) => file)).toEqual([]);
  });

  test('of src start with a comment that describes the file', () => {
    expect(sources.filter(({ text }) => !text.startsWith('/**')).map(({ file }) => file)).toEqual([]);
  });

  test('of src state in each index.ts, in at most 8 lines, what the module owns and does not own', () => {
    const entries = sources.filter(({ file, module }) => file === `src/${module}/index.ts`);
    expect(entries.length).toBeGreaterThan(40);
    const incomplete = entries.filter(({ text }) => {
      const opening = /^\/\*\*\n([\s\S]*?)\n \*\//.exec(text)?.[1] ?? '';
      const words = opening.replace(/\s*\n \*\s*/g, ' ');
      return opening.split('\n').length > 8 || !/\bOwns:/.test(words) || !/\bnot own:/.test(words);
    });
    expect(incomplete.map(({ file }) => file)).toEqual([]);
  });
});
