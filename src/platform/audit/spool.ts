/**
 * The spool: private files in a local folder, where entries wait on disk until the store takes them. Each process writes files of
 * its own and takes over, by renaming them, those of a process that has ended. Nothing locks a file: its owner touches it while
 * it works on it, and notices after each write if another process has taken it.
 */
import { randomUUID } from 'node:crypto';
import { chmod, type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SojournError } from '../errors/index.ts';
import { systemNow } from '../time/index.ts';
import { maxFileBytes, type SpooledLine, syncFolder, toSpoolText } from './spool-file.ts';

export interface Spool {
  /** Resolves when the line is on disk. Rejects if the spool is full or its disk fails; the line may be on disk then. */
  add(line: SpooledLine): Promise<void>;
  /** Lines of this process that the store does not have. */
  waiting(): number;
  /** Whether the folder has files, of any process. */
  hasFiles(): Promise<boolean>;
  /** Closes the file that is written, takes over abandoned ones, and resolves to the paths of all, the oldest first. */
  takeFiles(): Promise<readonly string[]>;
  /** Keeps other processes away from the file for a while. Resolves to false if one has taken it. */
  touch(path: string): Promise<boolean>;
  /** The store has all lines of the file. Keeps it under another name if some of its lines are damaged. */
  finish(path: string, keep: boolean): Promise<void>;
  /** Other processes may take over the files at once. */
  close(): Promise<void>;
}

/** About 100,000 entries. */
const defaultMaxBytes = 64 * maxFileBytes;
/** After this time without a touch, the owner of a file has ended, or cannot reach the store for longer than this process. */
const leaseMs = 10_000;
const ending = '.spool';

interface OwnFile {
  /** 0 for a file of another process. */
  lines: number;
  bytes: number;
}

interface Pending extends PromiseWithResolvers<void> {
  readonly text: string;
}

export async function openSpool(folder: string, maxBytes: number = defaultMaxBytes): Promise<Spool> {
  await requirePrivate(folder);
  const files = new Map<string, OwnFile>();
  let active: { readonly path: string; readonly handle: FileHandle; readonly file: OwnFile } | undefined;
  let pending: Pending[] = [];
  let flushing = Promise.resolve();
  let lastTime = 0;

  /** Names sort in the order in which the files were created, also if the clock is set back. */
  const newPath = (time?: string) => {
    if (time === undefined) lastTime = Math.max(systemNow(), lastTime + 1);
    return join(folder, `${time ?? String(lastTime).padStart(15, '0')}-${randomUUID()}${ending}`);
  };
  const names = async () => (await readdir(folder)).filter((name) => name.endsWith(ending));
  const bytes = () => [...files.values()].reduce((sum, file) => sum + file.bytes, 0);

  async function start() {
    const path = newPath();
    const handle = await open(path, 'ax', 0o600);
    await syncFolder(folder);
    const file = { lines: 0, bytes: 0 };
    files.set(path, file);
    return { path, handle, file };
  }

  async function closeActive(): Promise<void> {
    const closed = active;
    active = undefined;
    await closed?.handle.close();
  }

  async function write(batch: readonly Pending[]): Promise<void> {
    const text = batch.map((line) => line.text).join('');
    const size = Buffer.byteLength(text);
    if (bytes() + size > maxBytes) throw new Error(`the spool ${folder} is full`);
    if (active && active.file.bytes >= maxFileBytes) await closeActive();
    active ??= await start();
    const { path, handle, file } = active;
    try {
      await handle.appendFile(text);
      await handle.datasync();
    } catch (error) {
      // A write that failed in part would damage the next line; without truncation, that goes to a new file.
      await handle.truncate(file.bytes).catch(closeActive);
      throw error;
    }
    if (await exists(path)) {
      file.lines += batch.length;
      file.bytes += size;
      return;
    }
    // Another process has taken the file, perhaps before this batch was in it. The drain appends each id only once.
    files.delete(path);
    await closeActive();
    await write(batch);
  }

  /** One fsync for all lines of a turn of the event loop, and for those that arrive during the fsync before. */
  async function flush(): Promise<void> {
    await nextTurn();
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        await write(batch);
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
  }

  async function takeOver(name: string): Promise<void> {
    const path = join(folder, name);
    const { mtimeMs, size } = await stat(path);
    if (Math.abs(systemNow() - mtimeMs) < leaseMs) return;
    // Keeps the time in the name, which is the order of the files.
    const own = newPath(name.slice(0, 15));
    await rename(path, own);
    files.set(own, { lines: 0, bytes: size });
    await touch(own);
  }

  async function touch(path: string): Promise<boolean> {
    const time = systemNow() / 1000;
    try {
      await utimes(path, time, time);
      return true;
    } catch (error) {
      if (!isMissing(error)) throw error;
      files.delete(path);
      return false;
    }
  }

  return {
    add(line) {
      const added: Pending = { text: toSpoolText(line), ...Promise.withResolvers<void>() };
      if (pending.push(added) === 1) flushing = flushing.then(flush);
      return added.promise;
    },

    waiting: () => [...files.values()].reduce((sum, file) => sum + file.lines, 0),

    hasFiles: async () => (await names()).length > 0,

    async takeFiles() {
      await flushing;
      await closeActive();
      for (const name of await names())
        if (!files.has(join(folder, name)))
          await takeOver(name).catch((error: unknown) => {
            if (!isMissing(error)) throw error;
          });
      return [...files.keys()].sort();
    },

    touch,

    async finish(path, keep) {
      await (keep ? rename(path, path.replace(/\.spool$/, '.damaged')) : rm(path)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      });
      await syncFolder(folder);
      files.delete(path);
    },

    async close() {
      await flushing;
      await closeActive();
      for (const path of files.keys()) await utimes(path, 0, 0).catch(() => undefined);
    },
  };
}

async function requirePrivate(folder: string): Promise<void> {
  try {
    if ((await mkdir(folder, { recursive: true, mode: 0o700 })) !== undefined) await chmod(folder, 0o700);
    const { mode } = await stat(folder);
    if ((mode & 0o077) === 0) return;
  } catch (cause) {
    throw new SojournError('state_unusable', {
      detail: `audit.spool: the folder ${folder} cannot be used (${(cause as NodeJS.ErrnoException).code}).`,
      advice: 'Check that it is a folder in which the server may write.',
      cause,
    });
  }
  throw new SojournError('state_unusable', {
    detail: `audit.spool: users other than its owner have access to the folder ${folder}.`,
    advice: `Run: chmod 700 ${folder}`,
  });
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
