import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createLogger } from '../../../src/platform/log/index.ts';
import { openStore } from '../../../src/platform/store/index.ts';

let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sojourn-permissions-'));
  file = join(folder, 'sojourn.db');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (sharedDatabase?: boolean) =>
  openStore(`sqlite:${file}`, {
    logger: createLogger({ level: 'silent' }),
    now: Date.now,
    ...(sharedDatabase === undefined ? {} : { sharedDatabase }),
  });
const modeOf = async (path: string) => (await stat(path)).mode & 0o777;
const accept = 'or set allow.shared_database: true in the configuration to accept this.';

describe('an SQLite database', () => {
  test('is created with its side files for its owner only, also in a folder that is readable by others', async () => {
    await chmod(folder, 0o755);
    const store = await open();
    await store.ping();
    for (const path of [file, `${file}-wal`, `${file}-shm`]) expect(await modeOf(path)).toBe(0o600);
    await store.close();
    await (await open()).close();
  });

  test.each(['', '-wal', '-shm'])(
    'whose file *%s others can read is refused, and unchanged',
    async (suffix) => {
      const first = await open();
      await first.ping();
      const path = file + suffix;
      try {
        for (const mode of [0o644, 0o640, 0o604, 0o660]) {
          await chmod(path, mode);
          await expect(open()).rejects.toMatchObject({
            code: 'state_unusable',
            message: `${path} has mode 0${mode.toString(8)}: users other than its owner have access to the database.`,
            advice: `Run: chmod 600 ${path}, ${accept}`,
          });
          expect(await modeOf(path)).toBe(mode);
        }
        await (await open(true)).close();
        await chmod(path, 0o600);
        await (await open()).close();
      } finally {
        await first.close();
      }
    },
  );

  test.each([0o777, 0o775, 0o757, 0o770])(
    'in a folder with mode %o is refused, new or existing',
    async (mode) => {
      await chmod(folder, mode);
      const refusal = {
        code: 'state_unusable',
        message: `${folder} has mode 0${mode.toString(8)}: users other than its owner can replace the database.`,
        advice: `Run: chmod 700 ${folder}, ${accept}`,
      };
      for (let starts = 0; starts < 2; starts++) await expect(open()).rejects.toMatchObject(refusal);
      await (await open(true)).close();
      await chmod(folder, 0o700);
      await (await open()).close();
    },
  );

  test('in a folder that it creates is accepted', async () => {
    file = join(folder, 'new', 'deep', 'sojourn.db');
    await (await open()).close();
    expect(await modeOf(join(folder, 'new', 'deep'))).toBe(0o700);
  });

  test('in a read-only folder of another mode is accepted', async () => {
    const inner = join(folder, 'inner');
    await mkdir(inner, { mode: 0o750 });
    file = join(inner, 'sojourn.db');
    await (await open()).close();
  });
});
