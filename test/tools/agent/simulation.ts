/** A refresher with a simulated clock and a simulated server. */

import { createLogger } from '../../../src/platform/log/index.ts';
import type { CacheValue, EntrySpec } from '../../../src/tools/agent/cache-entry.ts';
import { createRefresher, type Refresher } from '../../../src/tools/agent/refresher.ts';

export const second = 1_000;
export const minute = 60 * second;
export const hour = 60 * minute;
export const begin = Date.UTC(2026, 10, 25, 12);

export interface Simulation {
  readonly refresher: Refresher;
  /** Milliseconds since the epoch. */
  time: number;
  /** Lifetime of the server's tokens and credentials, in milliseconds. */
  lifetime: (spec: EntrySpec) => number;
  /** The error with which the server answers instead. */
  respondWith: ((spec: EntrySpec) => Error | undefined) | undefined;
  /** What the answer waits for. */
  delay: ((spec: EntrySpec) => Promise<undefined> | undefined) | undefined;
  readonly calls: { readonly calledAt: number; readonly key: string }[];
  readonly refused: string[];
  readonly outcomes: string[];
  log(): Record<string, unknown>[];
  /** Advances the clock, with one tick a second. */
  advance(milliseconds: number): Promise<void>;
}

export function simulate(
  specs: readonly EntrySpec[],
  overrides: Partial<Pick<Simulation, 'lifetime' | 'respondWith'>> = {},
): Simulation {
  let log = '';
  const destination = {
    write: (line: string) => {
      log += line;
    },
  };
  const self = {
    time: begin,
    lifetime: ({ type }: EntrySpec) => (type === 'token' ? 15 * minute : hour),
    respondWith: undefined as Simulation['respondWith'],
    delay: undefined as Simulation['delay'],
    calls: [] as Simulation['calls'],
    refused: [] as string[],
    outcomes: [] as string[],
    ...overrides,
    log: () =>
      log
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Record<string, unknown>),
    async advance(milliseconds: number) {
      await refresher.settled();
      for (const end = self.time + milliseconds; self.time < end; ) {
        self.time += second;
        refresher.tick();
        await refresher.settled();
      }
    },
  };
  const refresher = createRefresher({
    async fetchValue(spec): Promise<CacheValue> {
      self.calls.push({ calledAt: self.time, key: `${spec.type} ${spec.connection}` });
      const error = self.respondWith?.(spec);
      if (error) throw error;
      await self.delay?.(spec);
      return { text: `secret-${self.calls.length}`, expiresAt: self.time + self.lifetime(spec) };
    },
    onRefreshed: async () => {},
    onRefused: async ({ connection }) => {
      self.refused.push(connection);
    },
    onClockSetBack: () => undefined,
    observe: (outcome) => self.outcomes.push(outcome),
    now: () => self.time,
    random: () => 0.5,
    logger: createLogger({ level: 'debug', destination }),
  });
  refresher.setEntries(specs);
  return Object.assign(self, { refresher });
}

/** The code, message and advice of the error with which the promise rejects. */
export const rejectionOf = (work: Promise<unknown>) =>
  work.then(
    () => 'resolved',
    ({ code, message, advice }: { code: string; message: string; advice: string }) => ({
      code,
      message,
      advice,
    }),
  );
