/** The rounds in which a server looks after its rings. */

import type { Logger } from '../../platform/log/index.ts';
import { every } from '../../platform/time/index.ts';
import type { Keyrings } from '../../tokens/keys/index.ts';

/** Replicas see each other's changes of the key ring within this time. */
export const ringPollMs = 2_000;
/** A slow round or two must not make a replica stale; this counts only where `keys.stale_after` is short. */
const pollsPerStaleness = 4;

/**
 * Follows what other replicas do to the rings, and does what is due. Two rounds, since a key that is due is first looked
 * for outside, and nobody else's revocation waits for that. Returns what ends them.
 */
export function followKeyRings(keyrings: Keyrings, logger: Logger): readonly (() => Promise<void>)[] {
  const pollMs = Math.min(ringPollMs, keyrings.main.timing.staleAfter / pollsPerStaleness);
  const round = (work: () => Promise<void>) =>
    every(pollMs, () =>
      work().catch((err: unknown) =>
        logger.warn({ err }, 'the key rings cannot be refreshed; going on with those at hand'),
      ),
    );
  return [round(() => keyrings.refresh()), round(() => keyrings.advance())];
}
