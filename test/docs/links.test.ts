import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { errorTable } from '../../src/platform/errors/index.ts';
import { loadEntries } from '../../src/tools/cli/all-commands.ts';
import { documents, root, textOf } from './documents.ts';

test('the README has less than 200 lines', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThan(200);
});

/** Anchors as GitHub creates them: lower case, no punctuation, hyphens for blanks. */
const anchors = (file: string): string[] =>
  [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

function brokenLinks(file: string): string[] {
  const links = [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchors(target).includes(anchor);
  });
}

test.each(documents)('every relative link and anchor in %s has a target', (file) => {
  expect(brokenLinks(file)).toEqual([]);
});

const entries = await loadEntries('');
const commands = entries.filter((entry) => 'usage' in entry);
const groups = entries.filter((entry) => 'name' in entry);

/** Each command as a user types it: `serve`, `client secrets list`. */
const knownCommands = [
  ...commands.map(({ usage }) => usage.split(' ')[0]!),
  ...groups.flatMap(({ name, commands: inner, groups: deeper = [] }) => [
    name,
    ...inner.map(({ usage }) => `${name} ${usage.split(' ')[0]}`),
    ...deeper.flatMap((noun) =>
      noun.commands.map(({ usage }) => `${name} ${noun.name} ${usage.split(' ')[0]}`),
    ),
  ]),
];

/** The words after `sojourn` in code blocks and inline code, up to the first that cannot be a command. */
function namedCommands(file: string): string[] {
  const code = [...textOf(file).matchAll(/`([^`\n]+)`/g), ...textOf(file).matchAll(/^```sh\n(.*?)^```$/gms)];
  return code.flatMap(([, text = '']) =>
    [...text.matchAll(/(?:^|[\s(])sojourn (?:-- )?([a-z]+(?: [a-z]+(?:-[a-z]+)*){0,2})/gm)].map(
      ([, words = '']) => words,
    ),
  );
}

const isKnown = (words: string) => {
  const [first = '', second = '', third = ''] = words.split(' ');
  const nested = groups.find(({ name }) => name === first);
  if (!nested) return knownCommands.includes(first);
  if (second === '') return true;
  if (nested.groups?.some(({ name }) => name === second))
    return knownCommands.includes(`${first} ${second} ${third}`);
  return knownCommands.includes(`${first} ${second}`);
};

test.each(documents)('every command that %s names exists', (file) => {
  expect(namedCommands(file).filter((words) => !isKnown(words))).toEqual([]);
});

test('every error code that the README explains is in the error table', () => {
  const codes = [...textOf('README.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code = '']) => code);
  const errorCodes = codes.filter((code) => /^(cloud|connection|invalid|unauthorized)/.test(code));
  expect(errorCodes.length).toBeGreaterThanOrEqual(9);
  expect(errorCodes.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
});

test('every file and folder that CONTRIBUTING names exists', () => {
  const paths = [...textOf('CONTRIBUTING.md').matchAll(/`((?:src|test|docs)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.length).toBeGreaterThan(15);
  expect(paths.filter((path) => !statSync(join(root, path), { throwIfNoEntry: false }))).toEqual([]);
});
