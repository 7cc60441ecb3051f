/** How a program that runs until it is told to stop hears of that, and of what else it is told meanwhile. */

/** Resolves at the first request to stop; the second one does not wait for anything. */
export function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve();
      });
    }
  });
}

/**
 * Does the work at each SIGHUP, one after the other, and from now on: nobody listening, the signal ends the process, and
 * systemd takes that for a clean end. What comes during the start waits for the work to be there. Returns what waits for
 * all that was asked for.
 */
export function onHangup(work: Promise<() => Promise<void>>): () => Promise<void> {
  let turns = Promise.resolve();
  process.on('SIGHUP', () => {
    turns = turns.then(async () => (await work)());
  });
  return () => turns;
}
