/**
 * The local ring file of this replica, `keys/ring.json`, `keys/TENANT.json` or `keys/journal.json`, from which a ring lost
 * in the store is restored.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { parseRing, storable } from './parse.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import type { Ring } from './ring.ts';
import { mainRing } from './stored-ring.ts';

export const ringFilePath = (folder: string, id: string): string =>
  join(folder, id === mainRing ? 'ring.json' : `${id}.json`);

/** The ring in the file; undefined if there is no file. */
export async function readRingFile(folder: string, id: string = mainRing): Promise<Ring | undefined> {
  const file = ringFilePath(folder, id);
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message is left out, because it quotes the text.
    throw new SojournError('key_material_unusable', {
      detail: `${file} cannot be used: it is not valid JSON.`,
    });
  }
  return parseRing(value, file);
}

export const removeRingFile = (folder: string, id: string): Promise<void> =>
  rm(ringFilePath(folder, id), { force: true });

export function writeRingFile(folder: string, id: string, ring: Ring): Promise<void> {
  return writePrivateFile(ringFilePath(folder, id), `${JSON.stringify(storable(ring), null, 2)}\n`);
}
