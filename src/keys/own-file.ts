/** Files that only we may read: mode 0600, never a link, replaced whole or not at all. */
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SojournError } from '../errors/index.ts';

/** The text of the file; undefined when there is none. Rejects when somebody else could read or change it. */
export async function readOwnFile(file: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    const why = codeOf(cause) === 'ELOOP' ? 'is a symbolic link' : `cannot be read (${codeOf(cause)})`;
    throw new SojournError('key_material_unusable', { detail: `${file} ${why}.`, cause });
  }
  try {
    const { mode } = await handle.stat();
    if ((mode & 0o077) !== 0) {
      throw new SojournError('key_material_unusable', {
        detail: `${file} has mode ${(mode & 0o777).toString(8).padStart(4, '0')}: others than its owner can reach it.`,
        advice: `Run: chmod 600 ${file}. If it may have been read by others, treat its keys as leaked.`,
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** temp + fsync + rename + fsync of the folder: after a crash there is the old file or the new one, never a part. */
export async function writeOwnFile(file: string, text: string): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await lstat(file).catch(() => undefined))?.isSymbolicLink()) {
    throw new SojournError('key_material_unusable', { detail: `${file} is a symbolic link.` });
  }
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } catch (cause) {
    await rm(temporary, { force: true });
    throw new SojournError('key_material_unusable', {
      detail: `${file} cannot be written (${codeOf(cause)}).`,
      cause,
    });
  }
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Not by instanceof: the errors of node:fs are another realm's wherever code runs in a context of its own. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
