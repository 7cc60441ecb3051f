import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from '@jest/globals';
import { errorTable } from '../../src/platform/errors/index.ts';
import { commands, groups } from '../../src/tools/cli/all-commands.ts';
import { documents, root, textOf } from './documents.ts';

test('the README is under 200 lines', () => {
  expect(textOf('README.md').split('\n').length).toBeLessThan(200);
});

/** As GitHub makes them: lower case, no punctuation, blanks to hyphens. */
const anchors = (file: string): string[] =>
  [...textOf(file).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );

function broken(file: string): string[] {
  const links = [...textOf(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
  return links.filter((link) => {
    if (/^https?:/.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? file : join(dirname(file), path);
    if (!existsSync(join(root, target))) return true;
    return anchor !== undefined && !anchors(target).includes(anchor);
  });
}

test.each(documents)('every relative link and anchor in %s leads somewhere', (file) => {
  expect(broken(file)).toEqual([]);
});

/** Each command as it is typed: `serve`, `client secrets list`. */
const known = [
  ...commands.map(({ usage }) => usage.split(' ')[0]!),
  ...groups.flatMap(({ name, commands: inner, groups: deeper = [] }) => [
    name,
    ...inner.map(({ usage }) => `${name} ${usage.split(' ')[0]}`),
    ...deeper.flatMap((noun) =>
      noun.commands.map(({ usage }) => `${name} ${noun.name} ${usage.split(' ')[0]}`),
    ),
  ]),
];

/** `sojourn` and the words behind it, in code; a word that cannot be a command ends it. */
function named(file: string): string[] {
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
  if (!nested) return known.includes(first);
  if (second === '') return true;
  if (nested.groups?.some(({ name }) => name === second))
    return known.includes(`${first} ${second} ${third}`);
  return known.includes(`${first} ${second}`);
};

test.each(documents)('every command that %s names exists', (file) => {
  expect(named(file).filter((words) => !isKnown(words))).toEqual([]);
});

test('every code that the README explains is one of the table', () => {
  const codes = [...textOf('README.md').matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, code = '']) => code);
  const explained = codes.filter((code) => /^(cloud|connection|invalid|unauthorized)/.test(code));
  expect(explained.length).toBeGreaterThanOrEqual(9);
  expect(explained.filter((code) => !Object.hasOwn(errorTable, code))).toEqual([]);
});

test('every folder and file in the table of CONTRIBUTING is in the tree', () => {
  const paths = [...textOf('CONTRIBUTING.md').matchAll(/`((?:src|test|docs)\/[\w./-]+)`/g)].map(
    ([, path = '']) => path,
  );
  expect(paths.length).toBeGreaterThan(15);
  expect(paths.filter((path) => !statSync(join(root, path), { throwIfNoEntry: false }))).toEqual([]);
});
