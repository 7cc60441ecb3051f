/** Token files as the clouds' SDKs read them again and again: always whole, never over, and gone rather than stale. */
import type { Now } from '../../platform/time/index.ts';
import type { Directory } from './directory.ts';
import { leastLeftMs } from './held.ts';

export interface TokenFiles {
  /** `expiresAt` in milliseconds since the epoch; Infinity for what does not end. */
  place(name: string, text: string, expiresAt: number): Promise<void>;
  remove(name: string): Promise<void>;
  /** The clock was set back by so many milliseconds: nothing lives longer for it. */
  shorten(milliseconds: number): void;
  /** Takes away what is about to end; to be called every second. */
  sweep(): Promise<void>;
  /** Takes everything away. */
  clear(): Promise<void>;
}

export function createTokenFiles(directory: Directory, now: Now): TokenFiles {
  const ends = new Map<string, number>();
  const turns = new Map<string, Promise<void>>();

  /** One after the other for each name, so that a removal never hits what came after it was decided. */
  async function inTurn(name: string, work: () => Promise<void>): Promise<void> {
    const turn = (turns.get(name) ?? Promise.resolve()).catch(() => undefined).then(work);
    turns.set(name, turn);
    try {
      await turn;
    } finally {
      if (turns.get(name) === turn) turns.delete(name);
    }
  }

  const isEnding = (name: string) => (ends.get(name) ?? Number.NaN) - now() <= leastLeftMs;
  const remove = (name: string, holds: () => boolean) =>
    inTurn(name, async () => {
      if (!holds()) return;
      await directory.remove(name);
      ends.delete(name);
    });
  const removeAll = (names: readonly string[], holds: (name: string) => boolean) =>
    Promise.all(names.map((name) => remove(name, () => holds(name)))).then(() => undefined);

  return {
    place: (name, text, expiresAt) =>
      inTurn(name, async () => {
        await directory.write(name, text);
        ends.set(name, expiresAt);
      }),
    remove: (name) => remove(name, () => true),
    shorten(milliseconds) {
      for (const [name, end] of ends) ends.set(name, end - milliseconds);
    },
    sweep: () => removeAll([...ends.keys()].filter(isEnding), isEnding),
    clear: () => removeAll([...new Set([...ends.keys(), ...turns.keys()])], () => true),
  };
}
