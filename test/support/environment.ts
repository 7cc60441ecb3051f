/**
 * The environment of `npm run test:handles`: Jest's environment for Node, in which a test file fails if it leaves a server,
 * connection, program or timer behind.
 */
import { TestEnvironment } from 'jest-environment-node';

/** Jest kills a worker that is still busy half a second after its last test file. */
const graceMs = 400;
const pollMs = 10;

/** What keeps this process running, by type, such as `TCPServerWrap`. Jest has timers of its own. */
function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const type of process.getActiveResourcesInfo())
    if (!['Timeout', 'Immediate'].includes(type)) counts.set(type, (counts.get(type) ?? 0) + 1);
  return counts;
}

/** Node marks a timer that has fired or was cleared. */
const isRunning = (timer: NodeJS.Timeout & { readonly _destroyed?: boolean }): boolean =>
  timer.hasRef() && timer._destroyed !== true;

export default class Environment extends TestEnvironment {
  readonly #before = countResources();
  readonly #timers = new Set<NodeJS.Timeout>();

  constructor(...args: ConstructorParameters<typeof TestEnvironment>) {
    super(...args);
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const start = this.global[name] as (...args: unknown[]) => NodeJS.Timeout;
      const startAndRemember = (...args: unknown[]) => {
        const timer = start(...args);
        this.#timers.add(timer);
        return timer;
      };
      // With the property that util.promisify uses.
      Object.assign(this.global, { [name]: Object.assign(startAndRemember, start) });
    }
  }

  async handleTestEvent({ name }: { name: string }, state: { unhandledErrors: unknown[] }): Promise<void> {
    if (name !== 'run_finish') return;
    for (let waited = 0; waited < graceMs && this.#left().length > 0; waited += pollMs)
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    const left = this.#left();
    if (left.length > 0)
      state.unhandledErrors.push(
        new Error(`The file leaves behind: ${left.join(', ')}. See where with --detectOpenHandles.`),
      );
  }

  #left(): string[] {
    const timers = [...this.#timers].filter(isRunning).length;
    return [...countResources()]
      .map(([type, count]): [string, number] => [type, count - (this.#before.get(type) ?? 0)])
      .concat([['Timeout', timers]])
      .flatMap(([type, count]) => (count > 0 ? [`${count} ${type}`] : []));
  }
}
