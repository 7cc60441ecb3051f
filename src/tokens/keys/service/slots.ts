/** So many calls at once and so many that wait; whoever comes then is turned away at once. */
import type { SojournError } from '../../../platform/errors/index.ts';
import { unavailable } from './faults.ts';

export interface Slot {
  /** To be called when the work has truly ended: what cannot be broken off keeps its place, so that it never piles up. */
  release(): void;
  /** Called when nobody waits for the work any more, while it goes on. */
  markOverdue(): void;
}

interface Waiting {
  readonly enter: () => void;
  readonly giveUp: (error: SojournError) => void;
}

export class Slots {
  readonly #name: string;
  readonly #maxConcurrency: number;
  readonly #maxQueued: number;
  #inUse = 0;
  #overdue = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(name: string, maxConcurrency: number, maxQueued: number) {
    this.#name = name;
    this.#maxConcurrency = maxConcurrency;
    this.#maxQueued = maxQueued;
  }

  /** Waits for a place until `signal` fires. */
  async acquire(signal: AbortSignal): Promise<Slot> {
    if (this.#overdue >= this.#maxConcurrency) throw this.#stuck();
    if (this.#inUse >= this.#maxConcurrency) await this.#wait(signal);
    else this.#inUse++;
    let overdue = false;
    return {
      markOverdue: () => {
        overdue = true;
        this.#overdue++;
        if (this.#overdue >= this.#maxConcurrency)
          for (const { giveUp } of this.#waiting) giveUp(this.#stuck());
      },
      release: () => {
        if (overdue) this.#overdue--;
        this.#release();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#maxQueued) {
      throw unavailable(`${this.#name}: ${this.#maxQueued} signatures wait already`);
    }
    return new Promise((resolve, reject) => {
      const end = (then: () => void) => {
        signal.removeEventListener('abort', late);
        this.#waiting.delete(waiting);
        then();
      };
      const late = () => waiting.giveUp(unavailable(`${this.#name}: no call could be made in time`));
      const waiting: Waiting = {
        enter: () => end(resolve),
        giveUp: (error) => end(() => reject(error)),
      };
      if (signal.aborted) return late();
      signal.addEventListener('abort', late, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** The place goes to whoever waits longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (next) next.enter();
    else this.#inUse--;
  }

  #stuck(): SojournError {
    return unavailable(`${this.#name}: no call comes back`);
  }
}
