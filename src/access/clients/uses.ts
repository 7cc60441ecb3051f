/** When each secret was last used: kept apart from the client, and to a few minutes, since it is written on every road. */
import type { Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';

/** A secret in constant use costs one write in this time. */
const noteEveryMs = 300_000;
const maxRemembered = 10_000;

export interface Uses {
  note(secret: string): Promise<void>;
  last(secret: string): Promise<string | undefined>;
}

export function createUses(store: Store, now: Now): Uses {
  const noted = new Map<string, number>();
  return {
    async note(secret) {
      const at = now();
      if (at - (noted.get(secret) ?? Number.NEGATIVE_INFINITY) < noteEveryMs) return;
      if (noted.size >= maxRemembered) noted.clear();
      noted.set(secret, at);
      const value = { at: toTimestamp(at) };
      const stored = await store.get('secret_use', secret);
      // Somebody else's note of the same minutes is as good.
      if (stored) await store.replace('secret_use', secret, stored.version, value);
      else await store.insert('secret_use', secret, value);
    },
    last: async (secret) => (await store.get<{ at: string }>('secret_use', secret))?.value.at,
  };
}
