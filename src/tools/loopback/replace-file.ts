/** Atomic replacement of files that other programs read: they see the old or the new content, never a part. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Mode 0600. Adds no line end, because some readers send the content unchanged. On failure it rejects with the system's
 * error and keeps the old file.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      // Without sync, a power cut can leave an empty file under the new name.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw cause;
  }
}

/** Whether the file is one of `names`, or a temporary file of one of them. */
export const isLeftover = (file: string, names: readonly string[]): boolean =>
  names.includes(/^\.(.+)\.[0-9a-f]{12}\.tmp$/.exec(file)?.[1] ?? file);
