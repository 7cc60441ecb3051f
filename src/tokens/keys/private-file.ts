/** Files that only their owner may read: mode 0600, never a symbolic link, written atomically. */
import { randomBytes } from 'node:crypto';
import { constants, type FileHandle, link, lstat, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';

/**
 * The text of the file; undefined if there is none. Rejects with `key_material_unusable` if other users have access to it.
 */
export async function readPrivateFile(file: string): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    // NONBLOCK, so that a pipe instead of a file does not block here; it is refused below.
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
        detail: `${file} has mode ${(stat.mode & 0o777).toString(8).padStart(4, '0')}: users other than its owner have access.`,
        advice: `Run: chmod 600 ${file}. If others may have read it, treat its keys as leaked.`,
      });
    }
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** Rejects with `key_material_unusable` if other users can replace files in the folder. It may not exist yet. */
export async function requirePrivateFolder(folder: string): Promise<void> {
  const stats = await stat(folder).catch(() => undefined);
  const mode = (stats?.mode ?? 0) & 0o777;
  if ((mode & 0o022) === 0) return;
  throw new SojournError('key_material_unusable', {
    detail: `keys.path: ${folder} has mode ${mode.toString(8).padStart(4, '0')}: users other than its owner can replace the key rings.`,
    advice: `Run: chmod 700 ${folder}, or set allow.shared_key_folder: true in the configuration to accept this.`,
  });
}

/** temp + fsync + rename + fsync of the folder: after a crash the file is either the old or the new one, never partial. */
export async function writePrivateFile(file: string, text: string): Promise<void> {
  if ((await lstat(file).catch(() => undefined))?.isSymbolicLink()) throw isLink(file);
  await writeAtomically(file, text, rename);
}

/** As `writePrivateFile`, but returns false if the file exists already, even if another process has just created it. */
export async function createPrivateFile(file: string, text: string): Promise<boolean> {
  let created = true;
  await writeAtomically(file, text, async (temporary) => {
    await link(temporary, file).catch((cause: unknown) => {
      if (codeOf(cause) !== 'EEXIST') throw cause;
      created = false;
    });
    await rm(temporary);
  });
  return created;
}

async function writeAtomically(
  file: string,
  text: string,
  publish: (temporary: string, file: string) => Promise<void>,
): Promise<void> {
  const folder = dirname(file);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await using(await open(temporary, 'wx', 0o600), async (handle) => {
      await handle.writeFile(text);
      await handle.sync();
    });
    await publish(temporary, file);
    await using(await open(folder, 'r'), (handle) => handle.sync());
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new SojournError('key_material_unusable', {
      detail: `${file} cannot be written (${codeOf(cause)}).`,
      advice: 'Check that the disk has space and that the server may write to this folder.',
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
  new SojournError('key_material_unusable', { detail: `${file} is a symbolic link, which is not allowed.` });

/** Without instanceof: in a separate vm context, the errors of node:fs come from another realm. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
