/** How often one foreign token is taken: as often as its kind says, of any number of requests and replicas at once. */
import { createHash } from 'node:crypto';
import type { Store } from '../../platform/store/index.ts';
import { kindOf } from './kinds.ts';
import { refused } from './refused.ts';
import type { ForeignToken } from './token.ts';
import type { Trust } from './trust.ts';

/**
 * Marks a token as used for what is issued for it, which `resource` names; what it resolves to gives it back when that
 * could not be issued. Rejects with `invalid_client` when it was used before, and with `store_unavailable` when that
 * cannot be known. Of any number at once one resolves.
 */
export type Take = (resource: string) => Promise<GiveBack>;
export type GiveBack = () => Promise<unknown>;

const maxJti = 512;
/** As long as the leeway for exp. */
const rememberedAfterMs = 120_000;

/** Rejects with `invalid_client` when it is known by now that the token was used before, also for `asked`. */
export async function takeOf(
  store: Store,
  { preset, issuer }: Trust,
  { claims: { jti, exp } }: ForeignToken,
  asked: string | undefined,
): Promise<Take> {
  const { taken } = kindOf(preset);
  if (taken === 'always') return async () => async () => undefined;
  if (typeof jti !== 'string' || jti === '' || jti.length > maxJti)
    throw refused('jti is missing or too long');
  const expiresAt = Math.ceil(Number(exp)) * 1000 + rememberedAfterMs;
  const idFor = (resource: string | undefined) => {
    const use = [issuer, jti, ...(taken === 'once' ? [] : [resource])];
    return `federated:${createHash('sha256').update(JSON.stringify(use)).digest('base64url')}`;
  };
  const usedBefore = () => refused('the token was used before');

  // Whoever holds a used one is a stranger: it takes nothing of the client's requests and asks no second person. Where
  // it is used per resource and none is named, that is known only later.
  if ((taken === 'once' || asked !== undefined) && (await store.get('claim', idFor(asked))))
    throw usedBefore();
  return async (resource) => {
    const id = idFor(resource);
    if (!(await store.insert('claim', id, {}, { expiresAt }))) throw usedBefore();
    return () => store.remove('claim', id, 1);
  };
}
