/** The folder where the agent keeps its files: ours alone, or nothing is written into it. */
import { access, constants, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { isLeftOver, replaceFile } from '../loopback/index.ts';

export interface Directory {
  /** The path of a file in it. */
  path(name: string): string;
  /** Mode 0600, replaced whole or not at all; no line ends it, since some readers send the file as it is. */
  write(name: string, text: string): Promise<void>;
  remove(name: string): Promise<void>;
}

/**
 * Makes the folder where there is none. Rejects with `config_invalid` when somebody else could read or change it, or we
 * could not. Files of these names that an agent before us left, whole or half written, are removed.
 */
export async function openDirectory(folder: string, names: readonly string[]): Promise<Directory> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw refused(folder, `cannot be made (${codeOf(cause)})`, cause);
  });
  const stat = await lstat(folder);
  const mode = stat.mode & 0o777;
  if (stat.isSymbolicLink()) throw refused(folder, 'is a symbolic link');
  if (!stat.isDirectory()) throw refused(folder, 'is not a directory');
  if (process.geteuid && stat.uid !== process.geteuid())
    throw refused(
      folder,
      `belongs to the user ${stat.uid}, not to ${process.geteuid()} as whom the agent runs`,
    );
  if ((mode & 0o077) !== 0)
    throw refused(
      folder,
      `has mode ${mode.toString(8).padStart(4, '0')}, and must be closed to others: chmod 700`,
    );
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw refused(folder, `is not writable (${codeOf(cause)})`, cause);
  });
  for (const found of await readdir(folder))
    if (isLeftOver(found, names)) await rm(join(folder, found), { force: true });
  return {
    path: (name) => join(folder, name),
    write: (name, text) => replace(join(folder, name), text),
    remove: (name) => rm(join(folder, name), { force: true }),
  };
}

async function replace(path: string, text: string): Promise<void> {
  await replaceFile(path, text).catch((cause: unknown) => {
    throw new SojournError('agent_file_unwritable', {
      detail: `${path} cannot be written (${codeOf(cause)}).`,
      cause,
    });
  });
}

const refused = (folder: string, message: string, cause?: unknown) =>
  new SojournError('config_invalid', {
    detail: `directory: ${folder} ${message}`,
    faults: [{ path: 'directory', message: `${folder} ${message}` }],
    cause,
  });

/** Not by instanceof: the errors of node:fs are another realm's wherever code runs in a context of its own. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
