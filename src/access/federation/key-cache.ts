/** Keeps public keys that somebody else publishes: fetched once for many tokens, again when they are old or a kid is new. */
import { SojournError } from '../../platform/errors/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { ForeignKey } from './jwks.ts';
import type { Published } from './published.ts';

/** Where keys come from. */
export interface KeySource {
  /** Under what they are kept. */
  readonly id: string;
  fetch(): Promise<Published>;
  /** What is thrown while there are none: why, and after how many whole seconds they are asked for again. */
  missing(fault: string, retryAfter: number): SojournError;
}

export interface KeyCache {
  /** The keys of the source, fetched anew unless `wanted` finds among those at hand what it needs. */
  keysOf(source: KeySource, wanted: (keys: readonly ForeignKey[]) => boolean): Promise<readonly ForeignKey[]>;
}

interface Kept {
  keys: readonly ForeignKey[];
  /** When they were fetched, and when that was last tried; before the first time, for ever ago. */
  fetched: number;
  tried: number;
  fault: string;
  /** One fetch at a time, whoever waits for it. */
  pending: Promise<void> | undefined;
}

/** A key that its owner has withdrawn is believed no longer than this. */
const freshMs = 5 * 60_000;
/** While the place does not answer, its last keys are good for this long. */
const lastGoodMs = 60 * 60_000;
/** Forged kids make nobody ask there more often than this. */
const pauseMs = 30_000;
/** Far more than there are places; each is named by a client. */
const maxKept = 10_000;

export function createKeyCache(now: Now): KeyCache {
  const kept = new Map<string, Kept>();

  /** How long ago that was. What lies ahead was noted before the clock was set back, and may be of any age. */
  const since = (at: number): number => (at > now() ? Infinity : now() - at);

  function entryOf(id: string): Kept {
    const known = kept.get(id);
    if (known) return known;
    const entry: Kept = { keys: [], fetched: -Infinity, tried: -Infinity, fault: '', pending: undefined };
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
    kept.set(id, entry);
    return entry;
  }

  async function refresh(entry: Kept, source: KeySource): Promise<void> {
    entry.tried = now();
    try {
      const { keys, place } = await source.fetch();
      entry.keys = keys;
      entry.fetched = now();
      if (keys.length === 0) entry.fault = `${place} lists no key that can verify.`;
    } catch (error) {
      entry.fault = error instanceof SojournError ? error.message : 'for an unknown reason';
    }
  }

  return {
    async keysOf(source, wanted) {
      const entry = entryOf(source.id);
      if (since(entry.fetched) > freshMs || !wanted(entry.keys)) {
        if (entry.pending || since(entry.tried) >= pauseMs) {
          entry.pending ??= refresh(entry, source).finally(() => {
            entry.pending = undefined;
          });
          await entry.pending;
        }
      }
      // A clock that went back a little makes no outage of an issuer that is down as well.
      if (entry.keys.length > 0 && Math.abs(now() - entry.fetched) <= lastGoodMs) return entry.keys;
      throw source.missing(entry.fault, Math.max(1, Math.ceil((pauseMs - since(entry.tried)) / 1000)));
    },
  };
}
