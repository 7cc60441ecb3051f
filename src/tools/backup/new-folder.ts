/** Writes the folder of a backup completely, or restores what was there before. */
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { names } from './manifest.ts';

/**
 * Calls `fill` with a new or empty folder and removes everything written if it fails.
 * @throws {SojournError} `state_unusable` if the folder is not empty.
 */
export async function fillNewFolder(path: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = resolve(path);
  const firstCreated = await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0 || !(await claim(folder))) {
    throw new SojournError('state_unusable', {
      detail: `${path} is not empty; nothing was written.`,
      advice: 'Give a folder that does not exist yet.',
    });
  }
  try {
    await fill(folder);
  } catch (error) {
    // The first error matters more than a failed removal.
    await removeAll(folder, firstCreated).catch(() => undefined);
    throw error;
  }
}

/** If two backups find the folder empty, the one that creates this subfolder owns it; the other must not remove it. */
const claim = (folder: string): Promise<boolean> =>
  mkdir(join(folder, names.keys), { mode: 0o700 }).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return false;
      throw cause;
    },
  );

/** @param firstCreated the topmost folder that this backup created */
async function removeAll(folder: string, firstCreated: string | undefined): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
  if (firstCreated === undefined) return;
  for (let parent = folder; parent.length >= firstCreated.length; parent = dirname(parent)) {
    await rmdir(parent);
  }
}
