/** Asking a key service: bounded in time and number, once more where that helps, and not at all while it is down. */
import { SojournError } from '../../../platform/errors/index.ts';
import { sleep } from '../../../platform/time/index.ts';
import { Breaker } from './breaker.ts';
import type { KeyService } from './contract.ts';
import { unavailable } from './faults.ts';
import { Gate } from './gate.ts';
import { RetryBudget } from './retry-budget.ts';

export interface Limits {
  /** Calls that wait for a place; each is a request of a client. */
  readonly mayWait: number;
  readonly failuresInARow: number;
  /** How long nobody asks a service that failed; then one request tries. */
  readonly pauseMs: number;
}

/** The same for a key that was refused: one refusal is enough, and the other keys are none of its business. */
const refusalsInARow = 1;
/** A key that nobody asks for any more has left the ring, and is no trouble either. */
const forgetMs = 10 * 60_000;

/** A call that makes something may have made it although its answer was lost; throttled, it was not even begun. */
export type Repeats = 'after any fault of the moment' | 'when throttled';

export class Asking {
  readonly #service: KeyService;
  readonly #limits: Limits;
  readonly #gate: Gate;
  readonly #budget = new RetryBudget();
  readonly #breaker: Breaker;
  readonly #keys = new Map<string, Breaker>();

  constructor(service: KeyService, limits: Limits) {
    this.#service = service;
    this.#limits = limits;
    this.#gate = new Gate(service.name, service.atOnce, limits.mayWait);
    this.#breaker = new Breaker(limits.failuresInARow, limits.pauseMs);
  }

  /** What went wrong since it last went well, with the service or with a key. */
  get troubles(): readonly SojournError[] {
    return [this.#breaker.last, ...[...this.#keys.values()].map(({ last }) => last)].filter(
      (error) => error !== undefined,
    );
  }

  /** Does `work`, about what `subject` names, until `signal` fires. Rejects with `key_service_…` or `key_backend_signature_invalid`. */
  async ask<T>(
    subject: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
    repeats: Repeats = 'after any fault of the moment',
  ): Promise<T> {
    this.#budget.earn();
    let outcome = await this.#once(subject, signal, work);
    if (
      'fault' in outcome &&
      worthAnother(outcome.fault, repeats) &&
      !signal.aborted &&
      this.#budget.spend()
    ) {
      const inTime = await sleep(pauseMs(), signal).then(
        () => true,
        () => false,
      );
      if (inTime) outcome = await this.#once(subject, signal, work);
    }
    if ('fault' in outcome) throw outcome.fault;
    return outcome.result;
  }

  /** One call and how it went. Rejects when the service was not even asked. */
  async #once<T>(
    subject: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T } | { fault: SojournError }> {
    const place = await this.#gate.enter(signal);
    const refusal = this.#keys.get(subject)?.refusal ?? this.#breaker.refusal;
    if (refusal) {
      place.leave();
      throw refusal;
    }
    this.#keys.get(subject)?.begin();
    this.#breaker.begin();
    let ended = false;
    const working = work(signal).finally(() => {
      ended = true;
      place.leave();
    });
    try {
      const result = await this.#inTime(working, signal);
      this.#breaker.succeeded();
      this.#keys.delete(subject);
      return { result };
    } catch (error) {
      if (!ended) place.overdue();
      const fault =
        error instanceof SojournError ? error : unavailable(`${this.#service.name}: ${String(error)}`);
      this.#failed(subject, fault);
      return { fault };
    }
  }

  /** A refusal is about the key, and shows that the service is there; all else is about the service. */
  #failed(subject: string, fault: SojournError): void {
    if (fault.code === 'key_backend_refused' || fault.code === 'key_backend_signature_invalid') {
      this.#breaker.succeeded();
      const key = this.#keys.get(subject) ?? new Breaker(refusalsInARow, this.#limits.pauseMs);
      this.#keys.set(subject, key);
      key.failed(fault);
      setTimeout(() => {
        if (this.#keys.get(subject)?.last === fault) this.#keys.delete(subject);
      }, forgetMs).unref();
    } else {
      this.#breaker.failed(fault);
      this.#keys.get(subject)?.failed(fault);
    }
  }

  /** Work that does not heed its signal is left to itself. */
  #inTime<T>(working: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = () => reject(unavailable(`${this.#service.name} did not answer in time`));
      if (signal.aborted) late();
      signal.addEventListener('abort', late, { once: true });
      working.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
    });
  }
}

/** A service that wants a longer pause than the caller would wait is not asked again. */
const longestWishSeconds = 1;

const worthAnother = ({ code, retryAfter = 0 }: SojournError, repeats: Repeats): boolean =>
  retryAfter <= longestWishSeconds &&
  (code === 'key_backend_throttled' ||
    (code === 'key_backend_unavailable' && repeats === 'after any fault of the moment'));

/** By chance, so that replicas do not knock in step. */
const pauseMs = (): number => 100 * (0.5 + Math.random());
