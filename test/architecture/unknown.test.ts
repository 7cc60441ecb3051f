import { expect, test } from '@jest/globals';
import { sources } from './source.ts';

/** The statements of a file that begin with `export`, with their bodies. */
const exportsIn = (code: string): readonly string[] =>
  code.split(/^(?=\w)/m).filter((statement) => statement.startsWith('export'));

/** Parameters of type `unknown`, except caught errors. */
const unknownParameters = (statement: string): readonly string[] =>
  [...statement.matchAll(/[(,]\s*(\w+)\??: unknown\s*(?=[,)=])/g)]
    .map(([, name = '']) => name)
    .filter((name) => !/^(error|cause|err|failure|refusal)$/.test(name));

test('the pattern finds a parameter of type unknown in a function, an arrow function and an interface', () => {
  const code = `
const inner = (value: unknown) => value;
export function parse<T>(schema: T, input: unknown): T {
  work().catch((error: unknown) => inner(error));
}
export interface Service {
  readonly cause: unknown;
  create(input: unknown, at?: string): Promise<unknown>;
  update(
    id: string,
    change?: unknown,
  ): void;
}
export const toText = (value: unknown = ''): unknown => value;
`;
  expect(exportsIn(code).flatMap(unknownParameters)).toEqual(['input', 'input', 'change', 'value']);
});

/** Files that parse what comes from outside, or write what JSON can hold. Everything else takes typed values. */
const allowed: Readonly<Record<string, string>> = {
  'src/access/connections/schema.ts': 'parses the body of a new connection',
  'src/access/federation/compare.ts': 'compares claims of a token of another issuer',
  'src/access/federation/jwks.ts': 'parses a JWKS of another issuer',
  'src/access/federation/pattern.ts': 'compares claims of a token of another issuer',
  'src/clouds/presets/answer.ts': 'parses the answer of a service',
  'src/clouds/presets/exchange.ts': 'reads the parsed answer of a service',
  'src/clouds/presets/lint.ts': 'reads a pasted document',
  'src/clouds/presets/path.ts': 'reads values of a pasted document',
  'src/clouds/presets/rejected.ts': 'reads a pasted document',
  'src/clouds/presets/unread.ts': 'reads a pasted document',
  'src/clouds/request.ts': 'parses the answer of a cloud',
  'src/clouds/tool-text.ts': 'reads a field of any target',
  'src/onboarding/portal/report.ts': 'parses a set-up report',
  'src/platform/settings/setting.ts': 'default of a setting, as its file spells it',
  'src/platform/store/contract.ts': 'stores any JSON value',
  'src/platform/store/known.ts': 'compares any stored value with its schema',
  'src/platform/store/text.ts': 'writes any JSON value',
  'src/platform/validation/index.ts': 'parses any input',
  'src/server/config/environment.ts': 'parses the environment',
  'src/server/config/load.ts': 'parses the configuration file',
  'src/server/config/read.ts': 'parses the configuration file',
  'src/tokens/keys/parse.ts': 'parses a stored key ring',
  'src/tools/cli/print.ts': 'prints any JSON value',
  'src/tools/loopback/request-check.ts': 'checks what a local caller sent',
};

/** Documents of customers and targets, which only the schema or the lint of one cloud can read. */
const clouds = /^src\/clouds\/(aws|azure|gcp|contract|lint\.ts|guide\.ts)/;

test('exported functions and interfaces take no unknown value, except in files that parse or print one', () => {
  const found = sources
    .filter(({ file, area }) => area !== 'sandbox' && !clouds.test(file))
    .filter(({ code }) => exportsIn(code).some((statement) => unknownParameters(statement).length > 0))
    .map(({ file }) => file);
  expect(found).toEqual(Object.keys(allowed).toSorted());
});
