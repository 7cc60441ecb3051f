/** Files that others read again and again while they are written: the old one or the new one, and never a part. */
import { randomBytes } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Mode 0600. No line ends it, since some readers send the file as it is. Rejects with the error of the system, and leaves
 * the old file then.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      // Without it a power cut may leave the new name on an empty file.
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

/** Whether a file of this name is one of those, whole or half written. */
export const isLeftOver = (found: string, names: readonly string[]): boolean =>
  names.includes(/^\.(.+)\.[0-9a-f]{12}\.tmp$/.exec(found)?.[1] ?? found);
