/** Files that only we may read: mode 0600, never a link, replaced whole or not at all. */
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, link, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';

/** The text of the file; undefined when there is none. Rejects when somebody else could read or change it. */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    // NONBLOCK: a pipe in the file's place is refused below and not waited for.
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    if (codeOf(cause) === 'ELOOP') throw isLink(file);
    throw new SojournError('key_material_unusable', {
      detail: `${file} cannot be read (${codeOf(cause)}).`,
      cause,
    });
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      throw new SojournError('key_material_unusable', { detail: `${file} is not a regular file.` });
    }
    if ((stat.mode & 0o077) !== 0) {
      throw new SojournError('key_material_unusable', {
        detail: `${file} has mode ${(stat.mode & 0o777).toString(8).padStart(4, '0')}: others than its owner can reach it.`,
        advice: `Run: chmod 600 ${file}. If it may have been read by others, treat its keys as leaked.`,
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** temp + fsync + rename + fsync of the folder: after a crash there is the old file or the new one, never a part. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  if ((await lstat(file).catch(() => undefined))?.isSymbolicLink()) throw isLink(file);
  await place(file, text, rename);
}

/** The same for a file that must not be there yet; false when it is, also when another process was a moment faster. */
export async function createPrivateFile(file: string, text: string): Promise<boolean> {
  let made = true;
  await place(file, text, async (temporary) => {
    await link(temporary, file).catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      made = false;
    });
    await rm(temporary);
  });
  return made;
}

async function place(
  file: string,
  text: string,
  put: (temporary: string, file: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(file);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await using(await open(temporary, 'wx', 0o600), async (handle) => {
      await handle.writeFile(text);
      await handle.sync();
    });
    await put(temporary, file);
    await using(await open(folder, 'r'), (handle) => handle.sync());
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new SojournError('key_material_unusable', {
      detail: `${file} cannot be written (${codeOf(cause)}).`,
      advice: 'Check that the disk has room and that the server may write to this folder.',
      cause,
    });
  }
}

async function using(handle: FileHandle, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  try {
    await work(handle);
  } finally {
    await handle.close();
  }
}

const isLink = (file: string) =>
  new SojournError('key_material_unusable', { detail: `${file} is a symbolic link.` });

/** Not by instanceof: the errors of node:fs are another realm's wherever code runs in a context of its own. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
