/** Token files that SDKs read repeatedly: replaced atomically, and removed before their token expires. */
import type { Now } from '../../platform/time/index.ts';
import { minRemainingMs } from './cache-entry.ts';
import type { Directory } from './directory.ts';

export interface TokenFiles {
  /** `expiresAt` in milliseconds since the epoch; Infinity for a file that does not expire. */
  write(name: string, text: string, expiresAt: number): Promise<void>;
  remove(name: string): Promise<void>;
  /** For a clock that was set back: moves every expiry back by as much. */
  shortenLifetimes(milliseconds: number): void;
  /** Removes files that are about to expire; to be called every second. */
  sweep(): Promise<void>;
  /** Removes all files. */
  clear(): Promise<void>;
}

export function createTokenFiles(directory: Directory, now: Now): TokenFiles {
  const expiries = new Map<string, number>();
  const pending = new Map<string, Promise<void>>();

  /** Operations on one name run in sequence, so that a removal never deletes a file that was written after its decision. */
  async function inSequence(name: string, operation: () => Promise<void>): Promise<void> {
    const result = (pending.get(name) ?? Promise.resolve()).catch(() => undefined).then(operation);
    pending.set(name, result);
    try {
      await result;
    } finally {
      if (pending.get(name) === result) pending.delete(name);
    }
  }

  const isExpiring = (name: string) => (expiries.get(name) ?? Number.NaN) - now() <= minRemainingMs;
  const remove = (name: string, shouldRemove: () => boolean) =>
    inSequence(name, async () => {
      if (!shouldRemove()) return;
      await directory.remove(name);
      expiries.delete(name);
    });
  const removeAll = (names: readonly string[], shouldRemove: (name: string) => boolean) =>
    Promise.all(names.map((name) => remove(name, () => shouldRemove(name)))).then(() => undefined);

  return {
    write: (name, text, expiresAt) =>
      inSequence(name, async () => {
        await directory.write(name, text);
        expiries.set(name, expiresAt);
      }),
    remove: (name) => remove(name, () => true),
    shortenLifetimes(milliseconds) {
      for (const [name, expiresAt] of expiries) expiries.set(name, expiresAt - milliseconds);
    },
    sweep: () => removeAll([...expiries.keys()].filter(isExpiring), isExpiring),
    clear: () => removeAll([...new Set([...expiries.keys(), ...pending.keys()])], () => true),
  };
}
