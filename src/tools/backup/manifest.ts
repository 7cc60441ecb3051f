/** What a backup says of itself. It is written last: a folder without it is no whole backup. */
import { join } from 'node:path';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { readPrivateFile, writePrivateFile } from '../../tokens/keys/index.ts';

/** Rises when an older program could not restore what a newer one writes. */
const format = 1;

const manifest = z.strictObject({
  format: z.literal(format),
  made_at: z.string(),
  issuer: z.string(),
  /** `database`: the file of the embedded store. `documents`: one line of JSON for each document of a shared store. */
  state: z.enum(['database', 'documents']),
});

export type Manifest = Omit<z.infer<typeof manifest>, 'format'>;

export const names = {
  manifest: 'backup.json',
  database: 'sojourn.db',
  documents: 'documents.jsonl',
  keys: 'keys',
  encryptionKey: 'encryption.key',
} as const;

export const writeManifest = (folder: string, of: Manifest): Promise<void> =>
  writePrivateFile(join(folder, names.manifest), `${JSON.stringify({ format, ...of }, null, 2)}\n`);

/** Rejects with `state_unusable` when the folder is no whole backup, or a newer program's. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, names.manifest);
  const value = parse((await readPrivateFile(file)) ?? '');
  const newer = z.object({ format: z.number().int().gt(format) }).safeParse(value);
  if (newer.success) {
    throw new SojournError('state_unusable', {
      detail: `The backup ${folder} is of format ${newer.data.format}; this program knows formats up to ${format}.`,
      advice: 'Restore it with the newer program.',
    });
  }
  const parsed = manifest.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SojournError('state_unusable', {
    detail: `${folder} is no whole backup: ${file} is missing or damaged.`,
    advice: 'Name the folder that `sojourn backup` wrote.',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
