/** The directory of the agent's files. The agent writes only if no other user can read or change it. */
import { access, constants, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { isLeftover, replaceFile } from '../loopback/index.ts';

export interface Directory {
  /** The path of a file in it. */
  path(name: string): string;
  /** Mode 0600, replaced atomically. Adds no line end, because some readers send the content unchanged. */
  write(name: string, text: string): Promise<void>;
  /** A file, or a folder with its files. */
  remove(name: string): Promise<void>;
  /** Creates a folder in it that only this user can read. */
  makeFolder(name: string): Promise<void>;
}

/**
 * Creates the directory if it is missing, and removes files of these names, complete or temporary, that an earlier agent
 * left. Rejects with `config_invalid` if other users can read or change it, or if the agent cannot.
 */
export async function openDirectory(folder: string, names: readonly string[]): Promise<Directory> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause: unknown) => {
    if (codeOf(cause) !== 'EEXIST') throw refused(folder, `cannot be created (${codeOf(cause)})`, cause);
  });
  const stat = await lstat(folder);
  const mode = stat.mode & 0o777;
  if (stat.isSymbolicLink()) throw refused(folder, 'is a symbolic link');
  if (!stat.isDirectory()) throw refused(folder, 'is not a directory');
  if (process.geteuid && stat.uid !== process.geteuid())
    throw refused(folder, `belongs to user ${stat.uid}, but the agent runs as user ${process.geteuid()}`);
  if ((mode & 0o077) !== 0)
    throw refused(
      folder,
      `has mode ${mode.toString(8).padStart(4, '0')} and must be closed to other users: chmod 700`,
    );
  await access(folder, constants.R_OK | constants.W_OK | constants.X_OK).catch((cause: unknown) => {
    throw refused(folder, `is not writable (${codeOf(cause)})`, cause);
  });
  for (const file of await readdir(folder))
    if (isLeftover(file, names)) await rm(join(folder, file), { force: true, recursive: true });
  return {
    path: (name) => join(folder, name),
    write: (name, text) => replace(join(folder, name), text),
    remove: (name) => rm(join(folder, name), { force: true, recursive: true }),
    makeFolder: async (name) => void (await mkdir(join(folder, name), { recursive: true, mode: 0o700 })),
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

/** Without instanceof, which fails for errors of node:fs if this code runs in another context (realm), as in jest. */
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? 'unknown';
