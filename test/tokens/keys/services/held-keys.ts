/** The keys of a fake key service, which are real keys. */
import {
  constants,
  createECDH,
  generateKeyPairSync,
  type KeyObject,
  privateEncrypt,
  randomBytes,
} from 'node:crypto';

export type HeldAlgorithm = 'RS256' | 'ES256';

export interface HeldKey {
  readonly alg: HeldAlgorithm;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  state: 'enabled' | 'disabled' | 'removed' | 'generating';
}

const pair = (alg: HeldAlgorithm) =>
  alg === 'RS256'
    ? generateKeyPairSync('rsa', { modulusLength: 2048 })
    : generateKeyPairSync('ec', { namedCurve: 'P-256' });

export const newKey = (alg: HeldAlgorithm, state: HeldKey['state'] = 'enabled'): HeldKey => ({
  alg,
  state,
  ...pair(alg),
});

const strangers = { RS256: newKey('RS256'), ES256: newKey('ES256') };

/** A signature over a digest; if `wrong` is set, by another key. */
export function signDigest(key: HeldKey, digest: Buffer, form: 'der' | 'raw', wrong: boolean): Buffer {
  if (digest.length !== 32) throw new Error('no SHA-256 digest');
  const { privateKey } = wrong ? strangers[key.alg] : key;
  return key.alg === 'RS256' ? rsa(privateKey, digest) : ecdsa(privateKey, digest, form);
}

/** The DigestInfo of SHA-256 (RFC 8017 section 9.2). */
const sha256Info = Buffer.from('3031300d060960864801650304020105000420', 'hex');

const rsa = (key: KeyObject, digest: Buffer): Buffer =>
  privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([sha256Info, digest]));

/** The order of P-256. */
const n = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** FIPS 186-5 section 6.4.1, implemented here because Node cannot sign a precomputed digest. */
function ecdsa(key: KeyObject, digest: Buffer, form: 'der' | 'raw'): Buffer {
  const secret = randomBytes(32);
  const k = number(secret) % n;
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(bytes(k));
  const r = number(ecdh.getPublicKey().subarray(1, 33)) % n;
  const d = number(Buffer.from(key.export({ format: 'jwk' }).d!, 'base64url'));
  const s = (power(k, n - 2n) * (number(digest) + r * d)) % n;
  if (form === 'raw') return Buffer.concat([bytes(r), bytes(s)]);
  const body = Buffer.concat([integer(bytes(r)), integer(bytes(s))]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

function integer(value: Buffer): Buffer {
  let start = 0;
  while (start < 31 && value[start] === 0) start++;
  const bare = value.subarray(start);
  const positive = bare[0]! > 0x7f ? Buffer.concat([Buffer.from([0]), bare]) : bare;
  return Buffer.concat([Buffer.from([2, positive.length]), positive]);
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let b = base % n, e = exponent; e > 0n; e >>= 1n, b = (b * b) % n)
    if (e & 1n) result = (result * b) % n;
  return result;
}

const number = (value: Uint8Array): bigint => BigInt(`0x${Buffer.from(value).toString('hex')}`);
const bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
