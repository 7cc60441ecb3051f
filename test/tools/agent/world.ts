/** A keeper at an hour that the test decides, and a server that says what the test wants. */

import { createLogger } from '../../../src/platform/log/index.ts';
import type { Grant, Wanted } from '../../../src/tools/agent/held.ts';
import { createKeeper, type Keeper } from '../../../src/tools/agent/keeper.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const begin = Date.UTC(2026, 10, 25, 12);

export interface World {
  readonly keeper: Keeper;
  /** Milliseconds since the epoch. */
  time: number;
  /** How long what the server gives lives, in milliseconds. */
  life: (wanted: Wanted) => number;
  /** What it says instead. */
  says: ((wanted: Wanted) => Error | undefined) | undefined;
  readonly calls: { readonly at: number; readonly key: string }[];
  readonly refused: string[];
  readonly outcomes: string[];
  log(): Record<string, unknown>[];
  /** Lets so many milliseconds go by, a turn each second. */
  pass(milliseconds: number): Promise<void>;
}

export function world(wanted: readonly Wanted[], first: Partial<Pick<World, 'life' | 'says'>> = {}): World {
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const self = {
    time: begin,
    life: ({ kind }: Wanted) => (kind === 'token' ? 15 * minute : hour),
    says: undefined as World['says'],
    calls: [] as World['calls'],
    refused: [] as string[],
    outcomes: [] as string[],
    ...first,
    log: () =>
      log
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async pass(milliseconds: number) {
      await keeper.settled();
      for (const end = self.time + milliseconds; self.time < end; ) {
        self.time += second;
        keeper.turn();
        await keeper.settled();
      }
    },
  };
  const keeper = createKeeper({
    async bring(asked): Promise<Grant> {
      self.calls.push({ at: self.time, key: `${asked.kind} ${asked.connection}` });
      const error = self.says?.(asked);
      if (error) throw error;
      return { text: `secret-${self.calls.length}`, expiresAt: self.time + self.life(asked) };
    },
    arrived: async () => {},
    refused: async ({ connection }) => {
      self.refused.push(connection);
    },
    setBack: () => undefined,
    observe: (outcome) => self.outcomes.push(outcome),
    now: () => self.time,
    random: () => 0.5,
    logger: createLogger({ level: 'debug', destination }),
  });
  keeper.want(wanted);
  return Object.assign(self, { keeper });
}

/** The members of the error with which this rejects. */
export const whyNot = (work: Promise<unknown>) =>
  work.then(
    () => 'it was there',
    ({ code, message, advice }: { code: string; message: string; advice: string }) => ({
      code,
      message,
      advice,
    }),
  );
