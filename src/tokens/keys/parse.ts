/** The format of a stored ring, in the store and in local ring files, and the checks before a ring is used. */
import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import { algorithms } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { KeyRecord, PublicJwk, Ring } from './ring.ts';

const time = z.number().int().nullable();
const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/, 'must be base64url');
const commonMembers = { kid: base64url, use: z.literal('sig') };

const ringSchema = z.strictObject({
  format: z.literal(1),
  id: base64url,
  revision: z.number().int().positive(),
  keys: z
    .array(
      z.strictObject({
        kid: base64url,
        alg: z.enum(algorithms),
        state: z.enum(['next', 'active', 'retired', 'revoked']),
        jwk: z.discriminatedUnion('kty', [
          z.strictObject({
            kty: z.literal('RSA'),
            ...commonMembers,
            alg: z.literal('RS256'),
            n: base64url,
            e: base64url,
          }),
          z.strictObject({
            kty: z.literal('EC'),
            ...commonMembers,
            alg: z.literal('ES256'),
            crv: z.literal('P-256'),
            x: base64url,
            y: base64url,
          }),
        ]),
        sealed: z.string().nullable(),
        published_at: z.number().int(),
        activate_at: time,
        activated_at: time,
        retired_at: time,
        revoked_at: time,
      }),
    )
    .min(1),
});

export const storable = (ring: Ring) => ({ format: 1, ...ring });

/** Checks a ring from outside this process; rejects with `key_material_unusable`, which names `source`. */
export async function parseRing(value: unknown, source: string): Promise<Ring> {
  const parsed = ringSchema.safeParse(value);
  const faults = parsed.success
    ? await faultsIn(parsed.data.keys)
    : parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the ring'}: ${message}`);
  if (parsed.success && faults.length === 0) {
    const { id, revision, keys } = parsed.data;
    return { id, revision, keys };
  }
  throw new SojournError('key_material_unusable', {
    detail: `${source} cannot be used: ${faults.join('; ')}.`,
  });
}

async function faultsIn(keys: readonly KeyRecord[]): Promise<string[]> {
  const faults: string[] = [];
  const seen = new Set<string>();
  const once = (what: string) => {
    if (seen.has(what)) faults.push(`it contains ${what} twice`);
    seen.add(what);
  };
  for (const { kid, alg, state, jwk, sealed } of keys) {
    once(`the kid ${kid}`);
    if (state === 'active' || state === 'next') {
      once(`a key for ${alg} in state ${state}`);
      if (sealed === null) faults.push(`the key ${kid} is ${state} and has no private key`);
    }
    if (jwk.alg !== alg) faults.push(`the key ${kid} is not for ${alg}`);
    if (jwk.kid !== kid || (await calculateJwkThumbprint(jwk)) !== kid) {
      faults.push(`the kid ${kid} is not the thumbprint of its key`);
    }
    const weakness = weaknessOf(jwk);
    if (weakness) faults.push(`the key ${kid} ${weakness}`);
  }
  return faults;
}

/** Smaller RSA keys are refused by every cloud, and by RFC 7518 section 3.3. */
const rsaBits = 2048;
/** 65537, which every backend uses and every cloud accepts. With the exponent 1, anyone could sign. */
const rsaExponent = 'AQAB';

function weaknessOf(jwk: PublicJwk): string | undefined {
  if (jwk.kty === 'RSA') {
    const bits = bitsOf(jwk.n);
    if (bits < rsaBits) return `is an RSA key of ${bits} bits, under ${rsaBits}`;
    return jwk.e === rsaExponent ? undefined : 'is an RSA key whose exponent is not 65537';
  }
  try {
    createPublicKey({ key: { ...jwk }, format: 'jwk' });
    return undefined;
  } catch {
    return 'is not a point on its curve';
  }
}

/** The bit length of an unsigned number in base64url. Importing the key to get it would cost twenty times as much. */
function bitsOf(number: string): number {
  const bytes = Buffer.from(number, 'base64url');
  const first = bytes.findIndex((byte) => byte !== 0);
  return first < 0 ? 0 : (bytes.length - first) * 8 - Math.clz32(bytes[first]!) + 24;
}
