/** What every step of a start needs, and the way back. */
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { ClockTrust } from '../../tokens/keys/index.ts';
import type { Config } from '../config/index.ts';

export interface Context {
  readonly config: Config;
  readonly logger: Logger;
  readonly now: Now;
  /** Time that no change of the wall clock moves. */
  readonly steadyNow: Now;
  readonly clockTrust: ClockTrust;
  /** The operator vouches for the clock. */
  readonly isClockVouchedFor: boolean;
  /** Whether the clocks of the store and the clouds count: not for a clock that a test sets. */
  readonly comparesClocks: boolean;
  readonly shutdown: Shutdown;
  readonly droppedLogLines?: (() => number) | undefined;
  /** Frees the addresses, if a server that has only the documents has them. */
  readonly release?: (() => Promise<void>) | undefined;
}

export interface Shutdown {
  /** Adds a step; the steps run one by one, the last one added first. */
  add(step: () => unknown): void;
  run(): Promise<void>;
}

export function createShutdown(): Shutdown {
  const steps: (() => unknown)[] = [];
  return {
    add: (step) => void steps.push(step),
    async run() {
      for (const step of steps.splice(0).reverse()) await step();
    },
  };
}

export interface RunningServer {
  readonly publicOrigin: string;
  readonly adminOrigin: string;
  /** Of `listen.documents`; undefined without it. */
  readonly documentsOrigin: string | undefined;
  /** Reports not ready, then takes no new connections, then stops; no request in flight fails. */
  close(): Promise<void>;
}
