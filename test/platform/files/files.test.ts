/** Files that an operator names: a pipe, a device or a large file neither blocks the process nor fills its memory. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { fileFault, readFileWithin } from '../../../src/platform/files/index.ts';
import { invalidFile, readYamlFile } from '../../../src/platform/yaml/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'sojourn-files-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const read = (name: string, allowPipes?: boolean) => {
  const result = readFileWithin(path(name), { maxBytes: 2048, ...(allowPipes ? { allowPipes } : {}) });
  return 'bytes' in result ? result.bytes.toString() : result.fault;
};

test('a file of at most the limit is read, also through a symbolic link, as secrets of Kubernetes are', () => {
  writeFileSync(path('file'), 'x'.repeat(2048));
  symlinkSync('file', path('link'));
  expect([read('file'), read('link')]).toEqual(['x'.repeat(2048), 'x'.repeat(2048)]);
  writeFileSync(path('empty'), '');
  expect(read('empty')).toBe('');
});

test('everything else gives a reason', () => {
  writeFileSync(path('large'), 'x'.repeat(2049));
  mkdirSync(path('folder'));
  execFileSync('mkfifo', [path('pipe')]);
  symlinkSync('/dev/zero', path('zero'));
  expect(['large', 'folder', 'pipe', 'zero', 'none'].map((name) => read(name))).toEqual([
    'is larger than 2 KB',
    'is a folder, not a file',
    'is not a regular file',
    'is not a regular file',
    'cannot be read (ENOENT)',
  ]);
  expect(['large', 'folder', 'pipe', 'zero', 'none'].map((name) => fileFault(path(name)))).toEqual([
    undefined,
    'is a folder, not a file',
    'is not a regular file',
    'is not a regular file',
    'cannot be read (ENOENT)',
  ]);
  expect([read('zero', true), read('folder', true)]).toEqual([
    'is larger than 2 KB',
    'is a folder, not a file',
  ]);
});

test('a YAML file that a command names may be a pipe; a folder or an endless device is a fault of that file', async () => {
  for (const [name, fault] of [
    ['zero', 'is larger than 64 KB'],
    ['folder', 'is a folder, not a file'],
    ['none', 'cannot be read (ENOENT)'],
  ] as const)
    await expect(readYamlFile(path(name))).rejects.toEqual(
      invalidFile([{ path: path(name), message: fault }]),
    );
  const writer = spawn('sh', ['-c', `echo 'a: 1' > '${path('pipe')}'`]);
  expect((await readYamlFile(path('pipe'))).raw).toEqual({ a: 1 });
  writer.kill();
});
