/** The folder of a backup: whole, or as it was before. */
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { names } from './manifest.ts';

/**
 * Lets `fill` write into a folder that is new or empty, and takes all of it away again when that fails. Rejects with
 * `state_unusable` where something is.
 */
export async function fillNewFolder(given: string, fill: (folder: string) => Promise<void>): Promise<void> {
  const folder = resolve(given);
  const made = await mkdir(folder, { recursive: true, mode: 0o700 });
  if ((await readdir(folder)).length > 0 || !(await claim(folder))) {
    throw new SojournError('state_unusable', {
      detail: `${given} is not empty; nothing was written.`,
      advice: 'Name a folder that is not there yet.',
    });
  }
  try {
    await fill(folder);
  } catch (error) {
    // What hinders this as well is less than what hindered the backup.
    await removeAll(folder, made).catch(() => undefined);
    throw error;
  }
}

/** Of two that found the folder empty, the one that makes this has it; the other must not clear it away. */
const claim = (folder: string): Promise<boolean> =>
  mkdir(join(folder, names.keys), { mode: 0o700 }).then(
    () => true,
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'EEXIST') return false;
      throw cause;
    },
  );

/** @param made the topmost folder that was not there before */
async function removeAll(folder: string, made: string | undefined): Promise<void> {
  for (const name of await readdir(folder)) await rm(join(folder, name), { recursive: true });
  if (made === undefined) return;
  for (let one = folder; one.length >= made.length; one = dirname(one)) await rmdir(one);
}
