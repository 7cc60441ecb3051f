/** So many calls at once and so many that wait; whoever comes then is turned away at once. */
import type { SojournError } from '../../../platform/errors/index.ts';
import { unavailable } from './faults.ts';

export interface Place {
  /** To be called when the work has truly ended: what cannot be broken off keeps its place, so that it never piles up. */
  leave(): void;
  /** Called when nobody waits for the work any more, while it goes on. */
  overdue(): void;
}

interface Waiting {
  readonly enter: () => void;
  readonly giveUp: (error: SojournError) => void;
}

export class Gate {
  readonly #name: string;
  readonly #atOnce: number;
  readonly #mayWait: number;
  #inside = 0;
  #overdue = 0;
  readonly #waiting = new Set<Waiting>();

  constructor(name: string, atOnce: number, mayWait: number) {
    this.#name = name;
    this.#atOnce = atOnce;
    this.#mayWait = mayWait;
  }

  /** Waits for a place until `signal` fires. */
  async enter(signal: AbortSignal): Promise<Place> {
    if (this.#overdue >= this.#atOnce) throw this.#stuck();
    if (this.#inside >= this.#atOnce) await this.#wait(signal);
    else this.#inside++;
    let overdue = false;
    return {
      overdue: () => {
        overdue = true;
        this.#overdue++;
        if (this.#overdue >= this.#atOnce) for (const { giveUp } of this.#waiting) giveUp(this.#stuck());
      },
      leave: () => {
        if (overdue) this.#overdue--;
        this.#leave();
      },
    };
  }

  #wait(signal: AbortSignal): Promise<void> {
    if (this.#waiting.size >= this.#mayWait) {
      throw unavailable(`${this.#name}: ${this.#mayWait} signatures wait already`);
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
  #leave(): void {
    const [next] = this.#waiting;
    if (next) next.enter();
    else this.#inside--;
  }

  #stuck(): SojournError {
    return unavailable(`${this.#name}: no call comes back`);
  }
}
