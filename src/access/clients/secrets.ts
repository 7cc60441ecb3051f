/** The secrets of one client: two at most, each with an end, and one may be there to take the place of the other. Pure. */
import { z } from 'zod';
import { SojournError } from '../../platform/errors/index.ts';
import { matchingHash } from './secret.ts';

export interface KeptSecret {
  readonly id: string;
  readonly hash: string;
  readonly created_at: string;
  /** From then on it is worthless; null for never. */
  readonly expires_at: string | null;
  /** What ends once this one has been seen in use, and how much later. */
  readonly replaces: { readonly id: string; readonly grace_seconds: number } | null;
}

/** Two, so that the new one can be rolled out while the old one still works. */
const maxSecrets = 2;
const longestGrace = 30 * 86_400;

export const secretInput = z.strictObject({
  expires_at: z.iso
    .datetime('must be a time such as 2027-01-31T02:00:00Z')
    .transform((text) => new Date(text).toISOString())
    .optional()
    .describe('When it ends by itself; never without it.'),
  replace: z
    .boolean()
    .default(false)
    .describe('Whether the secret that is there ends once the new one has been seen in use.'),
  grace_seconds: z
    .int('must be a whole number of seconds')
    .min(0, 'must be 0 or more')
    .max(longestGrace, `must be ${longestGrace} at most`)
    .default(3600)
    .describe(
      'How long the replaced one still works from then on, for those that have not got the new one yet.',
    ),
});

export type SecretInput = z.output<typeof secretInput>;

const isAlive = ({ expires_at }: KeptSecret, now: number): boolean =>
  expires_at === null || now < Date.parse(expires_at);

/** The ones that are good for something. `now` in milliseconds. */
export const alive = (secrets: readonly KeptSecret[], now: number): readonly KeptSecret[] =>
  secrets.filter((secret) => isAlive(secret, now));

/** The id of the secret that this text is, compared in constant time with every one that is alive. */
export function secretIn(secrets: readonly KeptSecret[], given: string, now: number): string | undefined {
  const candidates = alive(secrets, now);
  return candidates[
    matchingHash(
      given,
      candidates.map(({ hash }) => hash),
    )
  ]?.id;
}

/** The secrets with a new one. Throws `secret_limit` when two are alive. */
export function withNew(
  secrets: readonly KeptSecret[],
  made: Pick<KeptSecret, 'id' | 'hash' | 'created_at'>,
  { expires_at, replace, grace_seconds }: SecretInput,
  now: number,
): readonly KeptSecret[] {
  const left = alive(secrets, now);
  if (left.length >= maxSecrets) throw new SojournError('secret_limit');
  const [old] = left;
  const replaces = replace && old ? { id: old.id, grace_seconds } : null;
  return [...left, { ...made, expires_at: expires_at ?? null, replaces }];
}

/** The secrets after `id` was seen in use; undefined when that changes nothing. */
export function afterUse(
  secrets: readonly KeptSecret[],
  id: string,
  now: number,
): readonly KeptSecret[] | undefined {
  const replaces = secrets.find((secret) => secret.id === id)?.replaces;
  if (!replaces) return undefined;
  const end = new Date(now + replaces.grace_seconds * 1000).toISOString();
  return secrets.map((secret) => {
    if (secret.id === id) return { ...secret, replaces: null };
    if (secret.id !== replaces.id) return secret;
    return { ...secret, expires_at: secret.expires_at && secret.expires_at < end ? secret.expires_at : end };
  });
}
