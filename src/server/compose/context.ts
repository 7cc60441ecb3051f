/** What every step of a start needs, and the way back. */
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Config } from '../config/index.ts';

export interface Context {
  readonly config: Config;
  readonly logger: Logger;
  readonly now: Now;
  /** Time that no change of the wall clock moves. */
  readonly steadyNow: Now;
  readonly shutdown: Shutdown;
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
