/** The key-encryption key: 32 random bytes, base64url, in a file of its own or handed in by the environment. */
import { randomBytes } from 'node:crypto';
import { SojournError } from '../../../platform/errors/index.ts';
import { createPrivateFile, readPrivateFile } from '../private-file.ts';

/** Decodes it; `source` is named when it is not what it should be. */
export function parseEncryptionKey(text: string, source: string): Uint8Array {
  const trimmed = text.trim();
  const bytes = Buffer.from(trimmed, 'base64url');
  if (!/^[A-Za-z0-9_-]{43}=?$/.test(trimmed) || bytes.length !== 32) {
    throw new SojournError('key_material_unusable', {
      detail: `${source} does not hold a key-encryption key.`,
      advice:
        'It must be 32 random bytes in base64url (43 characters), for example from: openssl rand 32 | basenc --base64url',
    });
  }
  return bytes;
}

/** The key from `file`; made there when the file is absent and `mayMake` says that nothing was sealed with it yet. */
export async function loadEncryptionKey(file: string, mayMake: () => Promise<boolean>): Promise<Uint8Array> {
  const text = await readPrivateFile(file);
  if (text !== undefined) return parseEncryptionKey(text, file);
  if (!(await mayMake())) {
    throw new SojournError('key_material_unusable', {
      detail: `The key-encryption key ${file} is missing, and keys exist that were sealed with it.`,
      advice: 'Restore this file from a backup.',
    });
  }
  const made = randomBytes(32);
  if (await createPrivateFile(file, `${made.toString('base64url')}\n`)) return made;
  // Another process started at the same moment; what it made is the key of both.
  return loadEncryptionKey(file, mayMake);
}
