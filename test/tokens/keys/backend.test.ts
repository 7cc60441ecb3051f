import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, calculateJwkThumbprint, compactDecrypt, compactVerify, importJWK } from 'jose';
import { fileBackend, type KeyRecord, type NewKey } from '../../../src/tokens/keys/index.ts';
import { encryptionKey } from './bench.ts';
import { recordOf } from './records.ts';

const recordFrom = ({ jwk, sealed }: NewKey): KeyRecord => ({
  ...recordOf(jwk.kid, jwk.alg, 'active'),
  jwk,
  sealed,
});

describe.each(['RS256', 'ES256'] as const)('the file backend with %s', (alg) => {
  test('makes signatures that verify only with its public key and the signed text', async () => {
    const backend = fileBackend(encryptionKey);
    const key = recordFrom(await backend.createKey(alg));
    const signed = `${Buffer.from(JSON.stringify({ alg })).toString('base64url')}.cGF5bG9hZA`;
    const signature = Buffer.from(await backend.sign(key, Buffer.from(signed))).toString('base64url');
    const publicKey = await importJWK({ ...key.jwk });
    const { payload } = await compactVerify(`${signed}.${signature}`, publicKey);
    expect(Buffer.from(payload).toString()).toBe('payload');
    await expect(compactVerify(`${signed}A.${signature}`, publicKey)).rejects.toMatchObject({
      code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
    });
  });

  test('returns public keys with the members that clouds accept and the thumbprint as kid', async () => {
    const { jwk } = await fileBackend(encryptionKey).createKey(alg);
    const members = alg === 'RS256' ? ['n', 'e'] : ['crv', 'x', 'y'];
    expect(Object.keys(jwk).sort()).toEqual(['kty', 'use', 'alg', 'kid', ...members].sort());
    expect(jwk.kid).toBe(await calculateJwkThumbprint({ ...jwk }));
    expect(jwk).toMatchObject({ alg, use: 'sig' });
  });

  test('encrypts keys so that another process with the same key-encryption key can use them', async () => {
    const key = recordFrom(await fileBackend(encryptionKey).createKey(alg));
    const other = fileBackend(encryptionKey);
    await other.check(key);
    expect((await other.sign(key, Buffer.from('x'))).length).toBe(alg === 'RS256' ? 256 : 64);
  });

  test('leaves no part of the private key unencrypted', async () => {
    const { sealed } = await fileBackend(encryptionKey).createKey(alg);
    const [header, key, ...rest] = sealed.split('.');
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toEqual({
      alg: 'dir',
      enc: 'A256GCM',
      kid: expect.any(String),
      kek: expect.stringMatching(/^[\w-]{22}$/),
    });
    expect(key).toBe('');
    // PKCS #8 starts with SEQUENCE and version 0, and contains the OID of its algorithm; the ciphertext contains neither.
    const bytes = Buffer.concat(rest.map((part) => Buffer.from(part, 'base64url')));
    const oid = alg === 'RS256' ? '2a864886f70d010101' : '2a8648ce3d0201';
    expect(bytes.includes(Buffer.from(oid, 'hex'))).toBe(false);
  });
});

describe('an encrypted key that cannot be trusted', () => {
  const refusal = async (key: KeyRecord, kek = encryptionKey) => {
    const backend = fileBackend(kek);
    await expect(backend.sign(key, Buffer.from('x'))).rejects.toMatchObject({
      code: 'key_material_unusable',
    });
    return backend.check(key).then(
      () => 'no refusal',
      (error: Error) => error.message,
    );
  };

  test('is refused with its kid under another key-encryption key', async () => {
    const key = recordFrom(await fileBackend(encryptionKey).createKey('ES256'));
    expect(await refusal(key, new Uint8Array(32).fill(8))).toBe(
      `The signing key ${key.kid} cannot be used: another key-encryption key than the configured one encrypts it.`,
    );
  });

  test('that an earlier version encrypted, which did not name the key-encryption key, is used or refused', async () => {
    const { sealed, ...key } = recordFrom(await fileBackend(encryptionKey).createKey('ES256'));
    const kek = new Uint8Array(32).fill(8);
    const { plaintext, protectedHeader } = await compactDecrypt(sealed!, encryptionKey);
    const { kek: _, ...header } = protectedHeader;
    const earlier = await new CompactEncrypt(plaintext).setProtectedHeader(header).encrypt(kek);
    await expect(fileBackend(kek).check({ ...key, sealed: earlier })).resolves.toBeUndefined();
    expect(await refusal({ ...key, sealed: earlier })).toBe(
      `The signing key ${key.kid} cannot be used: its private key cannot be decrypted with this key-encryption key.`,
    );
  });

  test.each([
    ['changed in one bit', (sealed: string) => flipped(sealed)],
    ['cut short', (sealed: string) => sealed.slice(0, -30)],
    ['empty', () => ''],
    ['something else', () => 'a.b.c.d.e'],
  ])('is refused with its kid when it was %s', async (_, damage) => {
    const key = recordFrom(await fileBackend(encryptionKey).createKey('ES256'));
    expect(await refusal({ ...key, sealed: damage(key.sealed!) })).toBe(
      `The signing key ${key.kid} cannot be used: its encrypted private key is damaged.`,
    );
  });

  test('is refused under the kid of another key of the same ring', async () => {
    const backend = fileBackend(encryptionKey);
    const [a, b] = [
      recordFrom(await backend.createKey('ES256')),
      recordFrom(await backend.createKey('ES256')),
    ];
    expect(await refusal({ ...a, sealed: b.sealed })).toBe(
      `The signing key ${a.kid} cannot be used: the encrypted key is not its private key.`,
    );
  });

  test('is refused once its private key is deleted', async () => {
    const key = recordFrom(await fileBackend(encryptionKey).createKey('ES256'));
    expect(await refusal({ ...key, sealed: null })).toBe(
      `The signing key ${key.kid} cannot be used: its private key was deleted.`,
    );
  });
});

/** The ciphertext with its first character changed. */
function flipped(sealed: string): string {
  const parts = sealed.split('.');
  const text = parts[3]!;
  parts[3] = (text.startsWith('A') ? 'B' : 'A') + text.slice(1);
  return parts.join('.');
}
