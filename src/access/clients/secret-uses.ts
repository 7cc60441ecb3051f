/** When each secret was last used. Stored separately from the client and accurate to a few minutes, to save writes. */
import { createBoundedMap } from '../../platform/cache/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';

/** At most one write per secret in this time. */
const writeEveryMs = 300_000;
const maxRemembered = 10_000;

export interface SecretUses {
  note(secret: string): Promise<void>;
  last(secret: string): Promise<string | undefined>;
}

export function createSecretUses(store: Store, now: Now): SecretUses {
  const noted = createBoundedMap<number>(maxRemembered);
  return {
    async note(secret) {
      const at = now();
      if (at - (noted.get(secret) ?? Number.NEGATIVE_INFINITY) < writeEveryMs) return;
      noted.set(secret, at);
      const value = { at: toTimestamp(at) };
      const stored = await store.get('secret_use', secret);
      // If another replica writes at the same time, its value is as good.
      if (stored) await store.replace('secret_use', secret, stored.version, value);
      else await store.insert('secret_use', secret, value);
    },
    last: async (secret) => (await store.get<{ at: string }>('secret_use', secret))?.value.at,
  };
}
