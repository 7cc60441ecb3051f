/** The secrets of a client: at most two, with expiry; one can replace the other. Pure. */
import { timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { type Immutable, timestamp } from '../../platform/validation/index.ts';
import { hashSecret } from './secret.ts';

export const secretRecord = z.object({
  id: z.string(),
  hash: z.string(),
  created_at: timestamp,
  /** Null if the secret does not expire. */
  expires_at: timestamp.nullable(),
  replaces: z
    .object({ id: z.string(), grace_seconds: z.int() })
    .nullable()
    .describe('The secret that expires `grace_seconds` after this one is first used.'),
});

export type StoredSecret = Immutable<z.output<typeof secretRecord>>;

/** Two, so that a new secret can be rolled out while the old one still works. */
const maxSecrets = 2;
const maxGraceSeconds = 30 * 86_400;

export const secretInput = z.strictObject({
  expires_at: z.iso
    .datetime('must be a time such as 2027-01-31T02:00:00Z')
    .transform((text) => new Date(text).toISOString())
    .optional()
    .describe('When the secret expires; by default never.'),
  replace: z
    .boolean()
    .default(false)
    .describe('Whether the existing secret ends after the first use of the new one.'),
  grace_seconds: z
    .int('must be a whole number of seconds')
    .min(0, 'must be 0 or more')
    .max(maxGraceSeconds, `must be ${maxGraceSeconds} at most`)
    .default(3600)
    .describe('How long the replaced secret still works after the first use of the new one.'),
});

export type SecretInput = z.output<typeof secretInput>;

/** The first secret of a client. */
export const defaultSecret: SecretInput = secretInput.parse({});

const isAlive = ({ expires_at }: StoredSecret, now: number): boolean =>
  expires_at === null || now < Date.parse(expires_at);

/** The secrets that have not expired. `now` in milliseconds since the epoch. */
export const activeSecrets = (secrets: readonly StoredSecret[], now: number): readonly StoredSecret[] =>
  secrets.filter((secret) => isAlive(secret, now));

/**
 * The client's unexpired secret that matches; compares with every one, in constant time. An unknown client has none.
 * `now` in milliseconds.
 */
export function secretIn(
  client: { readonly secrets: readonly StoredSecret[] } | undefined,
  given: string,
  now: number,
): StoredSecret | undefined {
  const hash = Buffer.from(hashSecret(given));
  let match: StoredSecret | undefined;
  for (const secret of client?.secrets ?? [])
    if (isAlive(secret, now) && timingSafeEqual(hash, Buffer.from(secret.hash))) match = secret;
  return match;
}

/** Adds a secret. Throws `secret_limit` if two have not expired. */
export function addSecret(
  secrets: readonly StoredSecret[],
  made: Pick<StoredSecret, 'id' | 'hash' | 'created_at'>,
  { expires_at, replace, grace_seconds }: SecretInput,
  now: number,
): readonly StoredSecret[] {
  const left = activeSecrets(secrets, now);
  if (left.length >= maxSecrets) throw new SojournError('secret_limit');
  const [old] = left;
  const replaces = replace && old ? { id: old.id, grace_seconds } : null;
  return [...left, { ...made, expires_at: expires_at ?? null, replaces }];
}

/** The secrets after a use of `id`; the same list if nothing changes. */
export function afterUse(secrets: readonly StoredSecret[], id: string, now: number): readonly StoredSecret[] {
  const replaces = secrets.find((secret) => secret.id === id)?.replaces;
  if (!replaces) return secrets;
  const end = new Date(now + replaces.grace_seconds * 1000).toISOString();
  return secrets.map((secret) => {
    if (secret.id === id) return { ...secret, replaces: null };
    if (secret.id !== replaces.id) return secret;
    return { ...secret, expires_at: secret.expires_at && secret.expires_at < end ? secret.expires_at : end };
  });
}
