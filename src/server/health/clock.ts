/**
 * Detects changes of the wall clock while the server runs. The clouds refuse tokens with times of a wrong clock, and
 * their errors do not say when the clock changed.
 */
import type { Logger } from '../../platform/log/index.ts';
import { clockToleranceMs, type Elapsed, type Now, toTimestamp } from '../../platform/time/index.ts';

export interface ClockWatch {
  /** Compares the clocks. Call it every second. */
  check(): void;
  /** The last jump of the past 24 hours, as text; undefined if there was none. */
  lastJump(): string | undefined;
}

const reportForMs = 86_400_000;

export function watchClock(options: { now: Now; elapsed: Elapsed; logger: Logger }): ClockWatch {
  const { now, elapsed, logger } = options;
  const difference = () => now() - elapsed();
  let previous = difference();
  let last: { readonly sentence: string; readonly detectedAt: number } | undefined;

  return {
    check() {
      const jump = difference() - previous;
      previous += jump;
      if (Math.abs(jump) <= clockToleranceMs) return;
      const seconds = Math.round(jump / 1000);
      const sentence =
        seconds < 0
          ? `the clock was set back by ${-seconds} s`
          : `the clock was set ahead by ${seconds} s, or this machine was suspended`;
      last = { sentence: `${sentence}, detected at ${toTimestamp(now())}`, detectedAt: elapsed() };
      logger.warn({ event: 'clock.jumped', seconds }, sentence);
    },
    lastJump: () => (last && elapsed() - last.detectedAt < reportForMs ? last.sentence : undefined),
  };
}
