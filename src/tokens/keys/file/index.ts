/**
 * The backend that holds the private keys itself, encrypted (JWE, RFC 7516: dir with A256GCM) under the key-encryption
 * key. Owns: generating, encrypting, decrypting and using them. Does not own: where the encrypted keys are stored.
 */
import { createHmac, createPrivateKey, generateKeyPair, hkdfSync, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import { type CompactDecryptResult, CompactEncrypt, compactDecrypt, decodeProtectedHeader } from 'jose';
import type { Algorithm } from '../../../clouds/index.ts';
import { SojournError } from '../../../platform/errors/index.ts';
import type { KeyBackend, NewKey } from '../backend.ts';
import { publicJwk } from '../jwk.ts';
import type { KeyRecord } from '../ring.ts';

const generate = promisify(generateKeyPair);
const signOnThread = promisify(sign);

/**
 * @param previousKey the previous key-encryption key: keys that it encrypts can still be used, and rewrapped
 * @param source of the key-encryption key, for messages: `file:PATH` or `env:NAME`
 */
export function fileBackend(
  encryptionKey: Uint8Array,
  previousKey?: Uint8Array,
  source = 'the configured one',
): KeyBackend {
  const all = [encryptionKey, ...(previousKey ? [previousKey] : [])];
  const opened = new Map<string, KeyObject>();
  /** By kid, the form known to be encrypted with the current key, so that no key is decrypted twice to find out. */
  const current = new Map<string, string>();

  async function open(key: KeyRecord): Promise<KeyObject> {
    const privateKey = await unseal(key, all, source);
    opened.set(key.kid, privateKey);
    return privateKey;
  }

  async function renew(key: KeyRecord): Promise<string | undefined> {
    if (!previousKey || key.sealed === null || current.get(key.kid) === key.sealed) return undefined;
    const unchanged = await unseal(key, [encryptionKey], source).then(
      () => key.sealed,
      () => undefined,
    );
    const privateKey = unchanged
      ? undefined
      : await unseal(key, [previousKey], source).catch(() => undefined);
    const sealed = unchanged ?? (privateKey && (await seal(privateKey, key.kid, encryptionKey)));
    if (!sealed) return undefined;
    current.set(key.kid, sealed);
    return sealed === key.sealed ? undefined : sealed;
  }

  return {
    async createKey(alg: Algorithm): Promise<NewKey> {
      const { privateKey } =
        alg === 'RS256'
          ? await generate('rsa', { modulusLength: 2048 })
          : await generate('ec', { namedCurve: 'P-256' });
      const jwk = await publicJwk(privateKey, alg);
      opened.set(jwk.kid, privateKey);
      return { jwk, sealed: await seal(privateKey, jwk.kid, encryptionKey) };
    },

    async sign(key, data) {
      const privateKey = opened.get(key.kid) ?? (await open(key));
      // An RSA signature costs ten times an ES256 signature, so it runs on a thread. For ES256 the hand-over would cost
      // more than the signature.
      return key.alg === 'RS256'
        ? signOnThread('sha256', data, privateKey)
        : sign('sha256', data, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    },

    async check(key) {
      if (!opened.has(key.kid)) await open(key);
    },

    rewrap: renew,

    macs: (text) => all.map((key) => macOf(key, text)),
  };
}

/** HMAC with a key of its own, derived from the key-encryption key (RFC 5869). */
const macOf = (encryptionKey: Uint8Array, text: string): string =>
  createHmac('sha256', Buffer.from(hkdfSync('sha256', encryptionKey, '', 'sojourn high-water mark', 32)))
    .update(text)
    .digest('base64url');

/**
 * Names a key-encryption key in the header of what it encrypts, so that an error can say whether the key is wrong or the text is
 * damaged. Reveals nothing of it.
 */
const nameOf = (encryptionKey: Uint8Array): string => macOf(encryptionKey, 'key-encryption key').slice(0, 22);

async function seal(privateKey: KeyObject, kid: string, encryptionKey: Uint8Array): Promise<string> {
  const der = privateKey.export({ format: 'der', type: 'pkcs8' });
  try {
    return await new CompactEncrypt(der)
      .setProtectedHeader({ alg: 'dir', enc: 'A256GCM', kid, kek: nameOf(encryptionKey) })
      .encrypt(encryptionKey);
  } finally {
    der.fill(0);
  }
}

async function unseal(
  key: KeyRecord,
  encryptionKeys: readonly Uint8Array[],
  source: string,
): Promise<KeyObject> {
  const { plaintext, protectedHeader } = await decrypt(key, encryptionKeys, source);
  try {
    if (protectedHeader.kid !== key.kid) throw new Error(`sealed as ${protectedHeader.kid}`);
    const privateKey = createPrivateKey({
      key: Buffer.from(plaintext.buffer, plaintext.byteOffset, plaintext.byteLength),
      format: 'der',
      type: 'pkcs8',
    });
    const { kid } = await publicJwk(privateKey, key.alg);
    if (kid !== key.kid) throw new Error(`the private half of ${kid}`);
    return privateKey;
  } catch (cause) {
    throw unusable(key, 'the encrypted key is not its private key', cause);
  } finally {
    plaintext.fill(0);
  }
}

async function decrypt(
  key: KeyRecord,
  encryptionKeys: readonly Uint8Array[],
  source: string,
): Promise<CompactDecryptResult> {
  const { sealed } = key;
  if (sealed === null) throw unusable(key, 'its private key was deleted');
  const { kek } = headerOf(sealed) ?? {};
  // Earlier versions did not name the key-encryption key.
  const candidates = encryptionKeys.filter((each) => kek === undefined || kek === nameOf(each));
  if (candidates.length === 0)
    throw unusable(
      key,
      `another key-encryption key than ${source} encrypts it`,
      undefined,
      `Set keys.encryption_key to the one that does. ${interruptedRekeyAdvice}`,
    );
  let cause: unknown;
  for (const candidate of candidates) {
    try {
      return await compactDecrypt(sealed, candidate, {
        keyManagementAlgorithms: ['dir'],
        contentEncryptionAlgorithms: ['A256GCM'],
      });
    } catch (error) {
      cause = error;
    }
  }
  throw kek === undefined && headerOf(sealed)
    ? unusable(key, 'its private key cannot be decrypted with this key-encryption key', cause, otherKeyAdvice)
    : unusable(key, 'its encrypted private key is damaged', cause, damagedAdvice);
}

/** Undefined if it is damaged. */
function headerOf(sealed: string): Readonly<Record<string, unknown>> | undefined {
  try {
    return { ...decodeProtectedHeader(sealed) };
  } catch {
    return undefined;
  }
}

/** After an interrupted rewrap, a key that an operator deletes could be the one that some private keys need. */
export const interruptedRekeyAdvice =
  'Delete no key-encryption key. If `sojourn keys rekey` was interrupted, run it again with the same --to, or set keys.encryption_key to the new key and keys.previous_encryption_key to the old one.';

const damagedAdvice = 'Restore it from a backup. The key-encryption key is the right one.';

const otherKeyAdvice = `Use the key-encryption key that encrypts it. ${interruptedRekeyAdvice} Restore a damaged private key from a backup.`;

function unusable(key: KeyRecord, reason: string, cause?: unknown, advice?: string): SojournError {
  return new SojournError('key_material_unusable', {
    detail: `The signing key ${key.kid} cannot be used: ${reason}.`,
    ...(advice === undefined ? {} : { advice }),
    cause,
  });
}
