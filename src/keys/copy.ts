/** This replica's own copy of the ring, `keys/ring.json`: as good as the one in the store, should that be lost. */
import { join } from 'node:path';
import { calculateJwkThumbprint } from 'jose';
import { z } from 'zod';
import { SojournError } from '../errors/index.ts';
import { readOwnFile, writeOwnFile } from './own-file.ts';
import type { Ring } from './ring.ts';

const time = z.number().int().nullable();
const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const named = { kid: base64url, use: z.literal('sig') };

const ringSchema = z.strictObject({
  format: z.literal(1),
  revision: z.number().int().positive(),
  keys: z
    .array(
      z.strictObject({
        kid: base64url,
        alg: z.enum(['RS256', 'ES256']),
        state: z.enum(['next', 'active', 'retired', 'revoked']),
        jwk: z.discriminatedUnion('kty', [
          // 2,048 bits are 342 characters of base64url.
          z.strictObject({
            kty: z.literal('RSA'),
            ...named,
            alg: z.literal('RS256'),
            n: base64url.min(342),
            e: base64url,
          }),
          z.strictObject({
            kty: z.literal('EC'),
            ...named,
            alg: z.literal('ES256'),
            crv: z.literal('P-256'),
            x: base64url,
            y: base64url,
          }),
        ]),
        sealed: z.string().nullable(),
        published_at: z.number().int(),
        activated_at: time,
        retired_at: time,
        revoked_at: time,
      }),
    )
    .min(1),
});

/** Checks a ring that comes from outside this process; rejects with `key_material_unusable` naming `source`. */
export async function parseRing(value: unknown, source: string): Promise<Ring> {
  const parsed = ringSchema.safeParse(value);
  if (!parsed.success) throw broken(source, z.prettifyError(parsed.error));
  const { revision, keys } = parsed.data;
  if (new Set(keys.map((key) => key.kid)).size !== keys.length)
    throw broken(source, 'a kid stands in it twice');
  for (const { kid, jwk } of keys) {
    if (jwk.kid !== kid || (await calculateJwkThumbprint(jwk)) !== kid) {
      throw broken(source, `the kid ${kid} is not the thumbprint of its key`);
    }
  }
  return { revision, keys };
}

export const copyFile = (folder: string): string => join(folder, 'ring.json');

/** The copy; undefined when this replica never had one. */
export async function readCopy(folder: string): Promise<Ring | undefined> {
  const file = copyFile(folder);
  const text = await readOwnFile(file);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw broken(file, 'it is not whole', cause);
  }
  return parseRing(value, file);
}

export function writeCopy(folder: string, ring: Ring): Promise<void> {
  return writeOwnFile(copyFile(folder), `${JSON.stringify(storable(ring), null, 2)}\n`);
}

/** The ring as it is kept, in the store and in the copy. */
export const storable = (ring: Ring) => ({ format: 1, ...ring });

function broken(source: string, why: string, cause?: unknown): SojournError {
  return new SojournError('key_material_unusable', { detail: `${source} cannot be used: ${why}.`, cause });
}
