/** The watch of this process: with the uptime of the machine, and requests to clouds. */
import { uptime } from 'node:os';
import { observingDates, send } from '../../platform/outbound/index.ts';
import { type ClockWatch, type ClockWatchOptions, watchClock } from './watch.ts';

const askMs = 2_000;

export function openClock({
  comparesClocks,
  store,
  ...options
}: Omit<ClockWatchOptions, 'uptime' | 'ask'> & { readonly comparesClocks: boolean }): ClockWatch {
  const clock = watchClock({
    ...options,
    store: comparesClocks ? store : { search: store.search },
    uptime,
    // Any answer has a Date; only clouds that have answered an exchange are asked.
    ask: (origin) =>
      observingDates(clock.observe, async () => {
        const request = { method: 'GET', url: `${origin}/`, signal: AbortSignal.timeout(askMs) } as const;
        await send(request).catch(() => undefined);
      }),
  });
  return comparesClocks ? clock : { ...clock, observe: () => {} };
}
