/** This replica's own copy of the ring, `keys/ring.json`: as good as the one in the store, should that be lost. */
import { join } from 'node:path';
import { SojournError } from '../errors/index.ts';
import { readOwnFile, writeOwnFile } from './own-file.ts';
import { parseRing, storable } from './parse.ts';
import type { Ring } from './ring.ts';

export const copyFile = (folder: string): string => join(folder, 'ring.json');

/** The copy; undefined when this replica never had one. */
export async function readCopy(folder: string): Promise<Ring | undefined> {
  const file = copyFile(folder);
  const text = await readOwnFile(file);
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

export function writeCopy(folder: string, ring: Ring): Promise<void> {
  return writeOwnFile(copyFile(folder), `${JSON.stringify(storable(ring), null, 2)}\n`);
}
