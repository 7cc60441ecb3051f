/** A backup that fails reports why and leaves nothing behind. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { sojourn } from '../tools/cli/arrange.ts';
import { environment, writeConfig } from './process.ts';
import { newFolder, server, steadyPort } from './stage.ts';

let folder: string;
let file: string;

beforeAll(async () => {
  const [port, config] = [await steadyPort(), {}];
  folder = await newFolder();
  file = await writeConfig({ folder, port, config });
  await (await server({ folder, port, config })).stop('SIGTERM');
}, 120_000);

const backUp = (to: string, ...options: string[]) =>
  sojourn(['backup', '--output', to, '--config', file, ...options], environment());

async function withoutKey<T>(work: () => Promise<T>): Promise<T> {
  const key = join(folder, 'encryption.key');
  const text = await readFile(key);
  await rm(key);
  try {
    return await work();
  } finally {
    await writeFile(key, text, { mode: 0o600 });
  }
}

const refused = (...lines: string[]) => ({
  code: 1,
  out: '',
  err: lines.map((line) => `${line}\n`).join(''),
});

test('a backup without the key-encryption key fails and leaves no folder', async () => {
  const place = await newFolder();
  const expected = refused(
    `The key-encryption key ${join(folder, 'encryption.key')} is missing, and it encrypts the signing keys.`,
    '→ Restore this file from a backup.',
  );
  expect(await withoutKey(() => backUp(join(place, 'new/er')))).toEqual(expected);
  expect(await readdir(place)).toEqual([]);
});

test('a backup with the wrong key-encryption key fails and leaves the target as it was', async () => {
  const place = await newFolder();
  await mkdir(join(place, 'empty'));
  const expected = {
    code: 1,
    out: '',
    err: expect.stringMatching(/ another key-encryption key than the configured one encrypts it\.\n/),
  };
  await withoutKey(async () => {
    const wrong = Buffer.alloc(32, 1).toString('base64url');
    await writeFile(join(folder, 'encryption.key'), wrong, { mode: 0o600 });
    expect(await backUp(join(place, 'new/er'))).toEqual(expected);
    expect(await backUp(join(place, 'empty'))).toEqual(expected);
  });
  expect(await readdir(place, { recursive: true })).toEqual(['empty']);
});

test('of two concurrent backups to one folder, one succeeds and the other leaves it alone', async () => {
  const place = await newFolder();
  const to = join(place, 'backup');
  const both = await Promise.all([backUp(to), backUp(to)]);
  expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
  expect(both.find(({ code }) => code === 1)).toEqual(
    refused(`${to} is not empty; nothing was written.`, '→ Give a folder that does not exist yet.'),
  );
  expect((await readdir(to)).toSorted()).toEqual(['backup.json', 'keys', 'sojourn.db']);
}, 60_000);
