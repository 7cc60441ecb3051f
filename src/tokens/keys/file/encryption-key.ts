/** The key-encryption key: 32 random bytes in base64url, from a file or an environment variable. */
import { randomBytes } from 'node:crypto';
import { SojournError } from '../../../platform/errors/index.ts';
import { createPrivateFile, readPrivateFile } from '../private-file.ts';

/** Decodes the key; an error names `source`. */
export function parseEncryptionKey(text: string, source: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64url');
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(trimmed) || bytes.length !== 32) {
    throw new SojournError('key_material_unusable', {
      detail: `${source} is not a key-encryption key.`,
      advice:
        'It must be 32 random bytes in base64url (43 characters), for example from: openssl rand 32 | basenc --base64url',
    });
  }
  return bytes;
}

/** Reads the key from `file`. Creates none: a new key would decrypt nothing. */
export async function loadEncryptionKey(file: string): Promise<Uint8Array> {
  const text = await readPrivateFile(file);
  if (text !== undefined) return parseEncryptionKey(text, file);
  throw new SojournError('key_material_unusable', {
    detail: `The key-encryption key ${file} is missing, and it encrypts the signing keys.`,
    advice: 'Restore this file from a backup.',
  });
}

/** Creates the file with a new key; false if it exists. */
export const createEncryptionKey = (file: string): Promise<boolean> =>
  createPrivateFile(file, `${randomBytes(32).toString('base64url')}\n`);
