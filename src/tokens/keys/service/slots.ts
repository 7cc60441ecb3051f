/** Limits concurrent calls and queued calls; refuses further calls at once. */
import type { SojournError } from '../../../platform/errors/index.ts';
import { unavailable } from './faults.ts';

export interface Slot {
  /** Called when the work has really ended. Work that cannot be aborted keeps its slot, so that it does not pile up. */
  release(): void;
  /** Called when the caller has given up but the work continues. */
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

  /** Waits for a slot until `signal` aborts. */
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
      throw unavailable(`${this.#name}: the queue of ${this.#maxQueued} calls is full`);
    }
    return new Promise((resolve, reject) => {
      const end = (then: () => void) => {
        signal.removeEventListener('abort', late);
        this.#waiting.delete(waiting);
        then();
      };
      const late = () => waiting.giveUp(unavailable(`${this.#name}: timed out waiting for a free slot`));
      const waiting: Waiting = {
        enter: () => end(resolve),
        giveUp: (error) => end(() => reject(error)),
      };
      if (signal.aborted) return late();
      signal.addEventListener('abort', late, { once: true });
      this.#waiting.add(waiting);
    });
  }

  /** The slot goes to the caller that has waited longest. */
  #release(): void {
    const [next] = this.#waiting;
    if (next) next.enter();
    else this.#inUse--;
  }

  #stuck(): SojournError {
    return unavailable(`${this.#name}: all running calls are overdue`);
  }
}
