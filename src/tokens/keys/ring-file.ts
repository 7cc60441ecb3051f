/** This replica's own copy of a ring, `keys/ring.json` or `keys/TENANT.json`: as good as the one in the store, should that be lost. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SojournError } from '../../platform/errors/index.ts';
import { parseRing, storable } from './parse.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import type { Ring } from './ring.ts';
import { mainRing } from './stored-ring.ts';

export const ringFilePath = (folder: string, id: string): string =>
  join(folder, id === mainRing ? 'ring.json' : `${id}.json`);

/** The copy; undefined when this replica never had one. */
export async function readRingFile(folder: string, id: string = mainRing): Promise<Ring | undefined> {
  const file = ringFilePath(folder, id);
  const text = await readPrivateFile(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Without the parser's own words: they quote the text.
    throw new SojournError('key_material_unusable', { detail: `${file} cannot be used: it is not whole.` });
  }
  return parseRing(value, file);
}

export const removeRingFile = (folder: string, id: string): Promise<void> =>
  rm(ringFilePath(folder, id), { force: true });

export function writeRingFile(folder: string, id: string, ring: Ring): Promise<void> {
  return writePrivateFile(ringFilePath(folder, id), `${JSON.stringify(storable(ring), null, 2)}\n`);
}
