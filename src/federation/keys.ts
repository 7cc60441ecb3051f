/** Keeps the keys of foreign issuers: fetched once for many tokens, again when they are old or a kid is new. */
import { SojournError } from '../errors/index.ts';
import type { Now } from '../time/index.ts';
import { type ForeignKey, keyFor } from './jwks.ts';
import { refused } from './refused.ts';
import type { ForeignToken } from './token.ts';
import type { Trust } from './trust.ts';

interface Kept {
  keys: readonly ForeignKey[];
  /** When they were fetched; undefined before the first time. */
  fetched: number | undefined;
  tried: number;
  fault: string;
  /** One fetch at a time, whoever waits for it. */
  pending: Promise<void> | undefined;
}

/** A key that the issuer has withdrawn is believed no longer than this. */
const freshMs = 5 * 60_000;
/** While the issuer does not answer, its last keys are good for this long. */
const lastGoodMs = 60 * 60_000;
/** Forged kids make nobody ask the issuer more often than this. */
const pauseMs = 30_000;
/** Far more than there are issuers; each is named by a client. */
const maxKept = 10_000;

export interface KeysOfIssuers {
  /** The key that signed, by what the token says. Rejects with `invalid_client`. */
  keyOf(trust: Trust, token: ForeignToken): Promise<ForeignKey>;
}

export function keysOfIssuers(options: {
  published: (trust: Trust) => Promise<readonly ForeignKey[]>;
  now: Now;
}): KeysOfIssuers {
  const { published, now } = options;
  const kept = new Map<string, Kept>();

  function entryOf(trust: Trust): Kept {
    // Two kinds read one document differently: a bundle has other keys than a JWKS.
    const id = JSON.stringify([trust.preset === 'spiffe', trust.issuer, trust.jwks_url ?? null]);
    const known = kept.get(id);
    if (known) return known;
    const entry: Kept = { keys: [], fetched: undefined, tried: -Infinity, fault: '', pending: undefined };
    if (kept.size >= maxKept) kept.delete(kept.keys().next().value!);
    kept.set(id, entry);
    return entry;
  }

  async function refresh(entry: Kept, trust: Trust): Promise<void> {
    entry.tried = now();
    try {
      entry.keys = await published(trust);
      entry.fetched = now();
    } catch (error) {
      entry.fault = error instanceof SojournError ? error.message : 'for an unknown reason';
    }
  }

  return {
    async keyOf(trust, token) {
      if (trust.jwks) return keyFor(token, trust.jwks.keys) ?? unknownKey();
      const entry = entryOf(trust);
      const ageOf = () => now() - (entry.fetched ?? -Infinity);
      if (ageOf() > freshMs || !keyFor(token, entry.keys)) {
        if (entry.pending || now() - entry.tried >= pauseMs) {
          entry.pending ??= refresh(entry, trust).finally(() => {
            entry.pending = undefined;
          });
          await entry.pending;
        }
      }
      if (ageOf() > lastGoodMs) throw refused(`the issuer's keys are not to be had: ${entry.fault}`);
      return keyFor(token, entry.keys) ?? unknownKey();
    },
  };
}

function unknownKey(): never {
  throw refused('no key of the issuer has this kid');
}
