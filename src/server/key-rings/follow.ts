/** The periodic work of a server on its key rings. */

import type { Logger } from '../../platform/log/index.ts';
import { every } from '../../platform/time/index.ts';
import type { Keyrings } from '../../tokens/keys/index.ts';

/** Replicas see each other's changes of a key ring within this time. */
export const ringPollMs = 2_000;
/** One or two slow ticks must not make a replica stale. Only matters if `keys.stale_after` is short. */
const pollsPerStaleness = 4;

/**
 * Reads the changes of other replicas, and runs due steps. These are two loops, because the propagation check before a due
 * step takes time, and a revocation by another replica must not wait for it. Returns functions that stop them.
 */
export function followKeyRings(keyrings: Keyrings, logger: Logger): readonly (() => Promise<void>)[] {
  const pollMs = Math.min(ringPollMs, keyrings.main.timing.staleAfter / pollsPerStaleness);
  const loop = (work: () => Promise<void>) =>
    every(pollMs, () =>
      work().catch((err: unknown) =>
        logger.warn({ err }, 'cannot refresh the key rings; keeping the current ones'),
      ),
    );
  return [loop(() => keyrings.refresh()), loop(() => keyrings.advance())];
}
