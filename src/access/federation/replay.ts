/** Replay protection: accepts an external token as often as its platform allows, across concurrent requests and replicas. */
import { createHash } from 'node:crypto';
import type { Store } from '../../platform/store/index.ts';
import { platformOf } from './platforms.ts';
import { refused } from './refusal.ts';
import type { ParsedToken } from './token.ts';
import type { Trust } from './trust.ts';

/**
 * Marks a token as used for `resource`. The resolved function releases it if no token could be issued. Rejects with
 * `invalid_client` if the token was used before, and with `store_unavailable`. Of several concurrent calls, one resolves.
 */
export type ConsumeToken = (resource: string) => Promise<Release>;
export type Release = () => Promise<unknown>;

const maxJti = 512;
/** How long a use is remembered after exp, in milliseconds; longer than the leeway for exp. */
const rememberedAfterMs = 120_000;

/** Rejects with `invalid_client` if the store already has a use of the token, for the requested resource if it is named. */
export async function consumeOf(
  store: Store,
  { platform, issuer }: Trust,
  { claims: { jti, exp } }: ParsedToken,
  requestedResource: string | undefined,
): Promise<ConsumeToken> {
  const { replayRule } = platformOf(platform);
  if (replayRule === 'always') return async () => async () => undefined;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJti)
    throw refused('jti is missing or too long');
  const expiresAt = Math.ceil(Number(exp)) * 1000 + rememberedAfterMs;
  const idFor = (resource: string | undefined) => {
    const parts = [issuer, jti, ...(replayRule === 'once' ? [] : [resource])];
    return `federated:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`;
  };
  const usedBefore = () => refused('the token was used before');

  // Refuses a replayed token early, before it counts against the client's rate limit or requests an approval. If tokens
  // are used per resource and the request names none, only the later insert can detect a replay.
  if (
    (replayRule === 'once' || requestedResource !== undefined) &&
    (await store.get('claim', idFor(requestedResource)))
  )
    throw usedBefore();
  return async (resource) => {
    const id = idFor(resource);
    if (!(await store.insert('claim', id, {}, { expiresAt }))) throw usedBefore();
    return () => store.remove('claim', id, 1);
  };
}
