/** The manifest of a backup. It is written last: a folder without it is an incomplete backup. */
import { join } from 'node:path';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { readPrivateFile, writePrivateFile } from '../../tokens/keys/index.ts';

/** Increased when an older release could not restore what a newer release writes. */
const format = 1;

const manifest = z.strictObject({
  format: z.literal(format),
  created_at: z.string(),
  issuer: z.string(),
  /** `database`: the file of the embedded store. `documents`: one line of JSON per record of a shared store. */
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

export const writeManifest = (folder: string, content: Manifest): Promise<void> =>
  writePrivateFile(join(folder, names.manifest), `${JSON.stringify({ format, ...content }, null, 2)}\n`);

/** @throws {SojournError} `state_unusable` if the backup is incomplete or a newer release wrote it. */
export async function readManifest(folder: string): Promise<Manifest> {
  const file = join(folder, names.manifest);
  const value = parse((await readPrivateFile(file)) ?? '');
  const newer = z.object({ format: z.number().int().gt(format) }).safeParse(value);
  if (newer.success) {
    throw new SojournError('state_unusable', {
      detail: `The backup ${folder} has format ${newer.data.format}; this release of Sojourn reads formats up to ${format}.`,
      advice: 'Restore it with the release that wrote it, or a newer one.',
    });
  }
  const parsed = manifest.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SojournError('state_unusable', {
    detail: `${folder} is not a complete backup: ${file} is missing or damaged.`,
    advice: 'Give the folder that `sojourn backup` wrote.',
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
