import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  createEncryptionKey,
  loadEncryptionKey,
  readPrivateFile,
  writePrivateFile,
} from '../../../src/tokens/keys/index.ts';
import { repetitions } from '../../support/scale.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8);

describe('a private file', () => {
  test('is created and replaced atomically with mode 0600, and leaves no temporary file', async () => {
    const file = join(folder, 'keys', 'ring.json');
    expect(await readPrivateFile(file)).toBeUndefined();
    await writePrivateFile(file, 'one');
    await writePrivateFile(file, 'two');
    expect(await readPrivateFile(file)).toBe('two');
    expect([await modeOf(file), await modeOf(join(folder, 'keys'))]).toEqual(['600', '700']);
    expect(await readdir(join(folder, 'keys'))).toEqual(['ring.json']);
  });

  test.each([0o640, 0o604, 0o660, 0o666, 0o610])(
    'with mode %o is refused, and the error names the file',
    async (mode) => {
      const file = join(folder, 'ring.json');
      await writePrivateFile(file, 'secret');
      await chmod(file, mode);
      await expect(readPrivateFile(file)).rejects.toMatchObject({
        code: 'key_material_unusable',
        message: `${file} has mode 0${mode.toString(8)}: users other than its owner have access.`,
        advice: `Run: chmod 600 ${file}. If others may have read it, treat its keys as leaked.`,
      });
    },
  );

  test('that is a symbolic link is not read or written', async () => {
    const [file, target] = [join(folder, 'ring.json'), join(folder, 'elsewhere')];
    await writeFile(target, 'theirs', { mode: 0o600 });
    await symlink(target, file);
    const refusal = {
      code: 'key_material_unusable',
      message: `${file} is a symbolic link, which is not allowed.`,
    };
    await expect(readPrivateFile(file)).rejects.toMatchObject(refusal);
    await expect(writePrivateFile(file, 'ours')).rejects.toMatchObject(refusal);
    expect(await readFile(target, 'utf8')).toBe('theirs');
  });

  test('that is a folder or a pipe is refused at once, and the error names it', async () => {
    const [file, pipe] = [join(folder, 'ring.json'), join(folder, 'pipe')];
    await mkdir(file, { mode: 0o700 });
    await once(spawn('mkfifo', ['-m', '600', pipe]), 'close');
    for (const path of [file, pipe]) {
      await expect(readPrivateFile(path)).rejects.toMatchObject({
        code: 'key_material_unusable',
        message: `${path} is not a regular file.`,
      });
    }
  });

  test('that cannot be written is named in the error, with advice', async () => {
    await writeFile(join(folder, 'keys'), 'a file where the folder should be');
    const file = join(folder, 'keys', 'ring.json');
    await expect(writePrivateFile(file, 'x')).rejects.toMatchObject({
      code: 'key_material_unusable',
      message: `${file} cannot be written (EEXIST).`,
      advice: 'Check that the disk has space and that the server may write to this folder.',
    });
  });

  const kills = repetitions({ part: 4, full: 15 });
  test(`is complete after each of ${kills} kills of the process that writes it`, async () => {
    const file = join(folder, 'ring.json');
    const writer = fileURLToPath(new URL('file-writer.ts', import.meta.url));
    const seen = new Set<string>();
    for (let round = 0; round < kills; round++) {
      const child = spawn(process.execPath, ['--no-warnings', writer, file], {
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(child, 'close');
      await once(child.stdout, 'data');
      await sleep(Math.random() * 20);
      child.kill('SIGKILL');
      await ended;
      const text = (await readPrivateFile(file))!;
      const { round: written, filling } = JSON.parse(text) as { round: number; filling: string };
      expect(filling).toBe(String(written % 10).repeat(100_000));
      seen.add(text.slice(0, 30));
    }
    expect(seen.size).toBeGreaterThan(1);
  }, 60_000);
});

describe('the file of the key-encryption key', () => {
  test('is created once with 32 bytes, and never overwritten', async () => {
    const file = join(folder, 'data', 'encryption.key');
    expect(await createEncryptionKey(file)).toBe(true);
    const key = await loadEncryptionKey(file);
    expect(key).toHaveLength(32);
    expect(await createEncryptionKey(file)).toBe(false);
    expect(await loadEncryptionKey(file)).toEqual(key);
    expect(await readFile(file, 'utf8')).toBe(`${Buffer.from(key).toString('base64url')}\n`);
    expect(await modeOf(file)).toBe('600');
  });

  test('is created by one of all processes that create it at once', async () => {
    const file = join(folder, 'encryption.key');
    const created = await Promise.all(Array.from({ length: 20 }, () => createEncryptionKey(file)));
    expect(created.filter(Boolean)).toEqual([true]);
    expect(await readdir(folder)).toEqual(['encryption.key']);
  });

  test('is not created where one is read', async () => {
    const file = join(folder, 'encryption.key');
    await expect(loadEncryptionKey(file)).rejects.toMatchObject({
      code: 'key_material_unusable',
      message: `The key-encryption key ${file} is missing, and it encrypts the signing keys.`,
      advice: 'Restore this file from a backup.',
    });
    expect(await readdir(folder)).toEqual([]);
  });

  test.each(['', 'short', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}!`, '0'.repeat(64)])(
    'with the invalid text "%s" is refused, named in the error, and not changed',
    async (text) => {
      const file = join(folder, 'encryption.key');
      await writeFile(file, text, { mode: 0o600 });
      await expect(loadEncryptionKey(file)).rejects.toMatchObject({
        code: 'key_material_unusable',
        message: `${file} is not a key-encryption key.`,
      });
      expect(await readFile(file, 'utf8')).toBe(text);
    },
  );
});
