/**
 * The hour. Owns: reading the wall clock and waiting. Does not own: what is done with the answer.
 * Every other room is handed a `Now`, so that tests decide what time it is.
 */

/** The wall clock, in milliseconds since the epoch. */
export type Now = () => number;

export const systemNow: Now = () => Date.now();

/** Milliseconds that pass whatever is done to the wall clock; only differences mean something. */
export type Elapsed = () => number;

export const systemElapsed: Elapsed = () => performance.now();

/** From now on the hour as the later of both has it: nothing lives longer because the wall clock was set back. */
export function laterOf(now: Now, elapsed: Elapsed): Now {
  const [hour, begun] = [now(), elapsed()];
  return () => Math.max(now(), hour + elapsed() - begun);
}

/** What a clock may be wrong by before anybody speaks of it, in milliseconds: those that are kept by NTP differ by less. */
export const clockToleranceMs = 60_000;
/** For so long a clock that was set, or a machine that slept, has to go on as it should before it is believed again. */
const distrustMs = 86_400_000;

/** What the wall clock would say had nobody set it. To be called every few seconds. */
export function steadyOf(now: Now, elapsed: Elapsed): Now {
  const difference = () => now() - elapsed();
  let believed = difference();
  let seen = believed;
  let since = elapsed();
  return () => {
    const found = difference();
    if (Math.abs(found - seen) > clockToleranceMs) since = elapsed();
    seen = found;
    if (elapsed() - since >= distrustMs) believed = found;
    return believed + elapsed();
  };
}

/** NumericDate (RFC 7519 section 2): whole seconds since the epoch. */
export const toSeconds = (milliseconds: number): number => Math.floor(milliseconds / 1000);

/** RFC 3339 in UTC with milliseconds, the one form in which times leave this program. */
export const toTimestamp = (milliseconds: number): string => new Date(milliseconds).toISOString();

/** Waits; an aborted signal ends the wait early by rejecting with the signal's reason. */
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

/** Does `work` again and again with a pause in between; what is returned ends it and waits for a turn under way. */
export function every(milliseconds: number, work: () => Promise<void>): () => Promise<void> {
  const ending = new AbortController();
  const turns = (async () => {
    while (!ending.signal.aborted) {
      await sleep(milliseconds, ending.signal).catch(() => undefined);
      if (!ending.signal.aborted) await work();
    }
  })();
  return () => {
    ending.abort();
    return turns;
  };
}
