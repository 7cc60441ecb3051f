/** How a program that runs until it is told to stop hears of it. */

/** Resolves at the first request to stop; the second one does not wait for anything. */
export function signalled(): Promise<void> {
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
