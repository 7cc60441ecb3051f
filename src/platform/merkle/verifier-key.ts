/**
 * Keys that verify notes: ECDSA with P-256 and SHA-256, signature type 0x02 of C2SP signed-note. Their text is
 * `NAME+ID+KEY`, as golang.org/x/mod/sumdb/note writes verifier keys.
 */
import { createPublicKey, type JsonWebKey, type KeyObject, verify } from 'node:crypto';
import { SojournError } from '../errors/index.ts';
import { base64Bytes } from './base64.ts';
import { sha256 } from './hash.ts';
import type { Note } from './note.ts';

export interface VerifierKey {
  readonly name: string;
  /** 8 hexadecimal digits. */
  readonly keyId: string;
  readonly key: KeyObject;
  readonly text: string;
}

const ecdsa = 0x02;

export const verifierKey = (name: string, jwk: JsonWebKey): VerifierKey =>
  keyOf(name, createPublicKey({ key: jwk, format: 'jwk' }));

function keyOf(name: string, key: KeyObject): VerifierKey {
  const der = key.export({ format: 'der', type: 'spki' });
  const keyId = Buffer.from(sha256(der).subarray(0, 4)).toString('hex');
  const encoded = Buffer.concat([Uint8Array.of(ecdsa), der]).toString('base64');
  return { name, keyId, key, text: `${name}+${keyId}+${encoded}` };
}

/** @throws {SojournError} `checkpoint_invalid` for any text that `verifierKey` does not write */
export function parseVerifierKey(text: string): VerifierKey {
  const [, name, encoded = ''] = /^([^\s+]{1,300})\+[0-9a-f]{8}\+(\S{1,200})$/u.exec(text) ?? [];
  const bytes = base64Bytes(encoded);
  const key = bytes?.[0] === ecdsa ? publicKey(bytes.subarray(1)) : undefined;
  const parsed = name !== undefined && key ? keyOf(name, key) : undefined;
  if (parsed?.text === text) return parsed;
  throw new SojournError('checkpoint_invalid', {
    detail: 'The checkpoint key is not a verifier key of type 2 (ECDSA with P-256).',
  });
}

function publicKey(der: Buffer): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    return key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? key : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Whether this key signed the note. Signatures of other keys do not count; each of this key must be valid.
 */
export function verifyNote({ text, signatures }: Note, { name, keyId, key }: VerifierKey): boolean {
  const own = signatures.filter((signature) => signature.name === name && signature.keyId === keyId);
  return own.length > 0 && own.every(({ signature }) => verify('sha256', Buffer.from(text), key, signature));
}
