/**
 * Time. Owns: clocks, timestamps and waiting. Does not own: decisions that depend on the time.
 * Other modules get a `Now` as a dependency, so that tests control the time.
 */

/** The wall clock, in milliseconds since the epoch. */
export type Now = () => number;

export const systemNow: Now = Date.now;

/** A monotonic clock in milliseconds, independent of the wall clock; only differences are meaningful. */
export type Elapsed = () => number;

export const systemElapsed: Elapsed = performance.now.bind(performance);

/** The later of wall clock and elapsed time, so that nothing expires later if the wall clock is set back. */
export function monotonicClock(now: Now, elapsed: Elapsed): Now {
  const [startTime, startElapsed] = [now(), elapsed()];
  return () => Math.max(now(), startTime + elapsed() - startElapsed);
}

/** Clock differences up to this, in milliseconds, are not reported; clocks that NTP synchronizes differ by less. */
export const clockToleranceMs = 60_000;
/** After a jump, the clock must run steadily for this long before it is trusted again. */
const settlingMs = 86_400_000;

/** The wall clock without recent jumps. Call it every few seconds. */
export function steadyClock(now: Now, elapsed: Elapsed): Now {
  const difference = () => now() - elapsed();
  let trusted = difference();
  let last = trusted;
  let since = elapsed();
  return () => {
    const current = difference();
    if (Math.abs(current - last) > clockToleranceMs) since = elapsed();
    last = current;
    if (elapsed() - since >= settlingMs) trusted = current;
    return trusted + elapsed();
  };
}

/** NumericDate (RFC 7519 section 2): whole seconds since the epoch. */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** RFC 3339 in UTC with milliseconds, the only time format in responses and records. */
export const toTimestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Waits; rejects with the signal's reason if the signal fires first. */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Repeats `work` with a pause in between. The returned function stops it and waits for a running `work`. */
export function every(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
  const stop = new AbortController();
  const loop = (async () => {
    while (!stop.signal.aborted) {
      await sleep(milliseconds, stop.signal).catch(() => undefined);
      if (!stop.signal.aborted) await work();
    }
  })();
  return () => {
    stop.abort();
    return loop;
  };
}
