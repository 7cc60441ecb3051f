/**
 * Notices that the wall clock was set while the server runs. What was dated by a wrong clock is refused by the clouds, and
 * nothing in their refusals says since when.
 */
import type { Logger } from '../../platform/log/index.ts';
import { clockToleranceMs, type Elapsed, type Now, toTimestamp } from '../../platform/time/index.ts';

export interface ClockWatch {
  /** To be called every second. */
  check(): void;
  /** What happened last, for as long as a day; undefined without it. */
  lastJump(): string | undefined;
}

const toldForMs = 86_400_000;

export function watchClock(options: { now: Now; elapsed: Elapsed; logger: Logger }): ClockWatch {
  const { now, elapsed, logger } = options;
  const difference = () => now() - elapsed();
  let before = difference();
  let last: { readonly sentence: string; readonly seen: number } | undefined;

  return {
    check() {
      const jump = difference() - before;
      before += jump;
      if (Math.abs(jump) <= clockToleranceMs) return;
      const seconds = Math.round(jump / 1000);
      const sentence =
        seconds < 0
          ? `the clock was set back by ${-seconds} s`
          : `the clock was set ahead by ${seconds} s, or this machine slept`;
      last = { sentence: `${sentence}, found at ${toTimestamp(now())}`, seen: elapsed() };
      logger.warn({ event: 'clock.jumped', seconds }, sentence);
    },
    lastJump: () => (last && elapsed() - last.seen < toldForMs ? last.sentence : undefined),
  };
}
