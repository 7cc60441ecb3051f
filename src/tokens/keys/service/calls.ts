/** Asking a key service: bounded in time and number, once more where that helps, and not at all while it is down. */
import { SojournError } from '../../../platform/errors/index.ts';
import { sleep } from '../../../platform/time/index.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { KeyService } from './contract.ts';
import { unavailable } from './faults.ts';
import { RetryBudget } from './retry-budget.ts';
import { Slots } from './slots.ts';

export interface Limits {
  /** Calls that wait for a place; each is a request of a client. */
  readonly maxQueued: number;
  readonly failureThreshold: number;
  /** How long nobody asks a service that failed; then one request tries. */
  readonly openMs: number;
}

/** The same for a key that was refused: one refusal is enough, and the other keys are none of its business. */
const keyFailureThreshold = 1;
/** A key that nobody asks for any more has left the ring, and is no trouble either. */
const forgetMs = 10 * 60_000;

/** A call that makes something may have made it although its answer was lost; throttled, it was not even begun. */
export type RetryPolicy = 'after any fault of the moment' | 'when throttled';

export class ServiceCalls {
  readonly #service: KeyService;
  readonly #limits: Limits;
  readonly #slots: Slots;
  readonly #budget = new RetryBudget();
  readonly #breaker: CircuitBreaker;
  readonly #keyBreakers = new Map<string, CircuitBreaker>();

  constructor(service: KeyService, limits: Limits) {
    this.#service = service;
    this.#limits = limits;
    this.#slots = new Slots(service.name, service.maxConcurrency, limits.maxQueued);
    this.#breaker = new CircuitBreaker(limits.failureThreshold, limits.openMs);
  }

  /** What went wrong since it last went well, with the service or with a key. */
  get failures(): readonly SojournError[] {
    return [
      this.#breaker.lastFailure,
      ...[...this.#keyBreakers.values()].map(({ lastFailure: last }) => last),
    ].filter((error) => error !== undefined);
  }

  /** Does `work`, about what `subject` names, until `signal` fires. Rejects with `key_service_…` or `key_backend_signature_invalid`. */
  async call<T>(
    subject: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
    repeats: RetryPolicy = 'after any fault of the moment',
  ): Promise<T> {
    this.#budget.earn();
    let outcome = await this.#callOnce(subject, signal, work);
    if (
      'fault' in outcome &&
      isRetryable(outcome.fault, repeats) &&
      !signal.aborted &&
      this.#budget.spend()
    ) {
      const inTime = await sleep(retryDelayMs(), signal).then(
        () => true,
        () => false,
      );
      if (inTime) outcome = await this.#callOnce(subject, signal, work);
    }
    if ('fault' in outcome) throw outcome.fault;
    return outcome.result;
  }

  /** One call and how it went. Rejects when the service was not even asked. */
  async #callOnce<T>(
    subject: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T } | { fault: SojournError }> {
    const place = await this.#slots.acquire(signal);
    const refusal = this.#keyBreakers.get(subject)?.openError ?? this.#breaker.openError;
    if (refusal) {
      place.release();
      throw refusal;
    }
    this.#keyBreakers.get(subject)?.startCall();
    this.#breaker.startCall();
    let ended = false;
    const working = work(signal).finally(() => {
      ended = true;
      place.release();
    });
    try {
      const result = await this.#inTime(working, signal);
      this.#breaker.recordSuccess();
      this.#keyBreakers.delete(subject);
      return { result };
    } catch (error) {
      if (!ended) place.markOverdue();
      const fault =
        error instanceof SojournError ? error : unavailable(`${this.#service.name}: ${String(error)}`);
      this.#recordFailure(subject, fault);
      return { fault };
    }
  }

  /** A refusal is about the key, and shows that the service is there; all else is about the service. */
  #recordFailure(subject: string, fault: SojournError): void {
    if (fault.code === 'key_backend_refused' || fault.code === 'key_backend_signature_invalid') {
      this.#breaker.recordSuccess();
      const key =
        this.#keyBreakers.get(subject) ?? new CircuitBreaker(keyFailureThreshold, this.#limits.openMs);
      this.#keyBreakers.set(subject, key);
      key.recordFailure(fault);
      setTimeout(() => {
        if (this.#keyBreakers.get(subject)?.lastFailure === fault) this.#keyBreakers.delete(subject);
      }, forgetMs).unref();
    } else {
      this.#breaker.recordFailure(fault);
      this.#keyBreakers.get(subject)?.recordFailure(fault);
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
const maxRetryAfterSeconds = 1;

const isRetryable = ({ code, retryAfter = 0 }: SojournError, repeats: RetryPolicy): boolean =>
  retryAfter <= maxRetryAfterSeconds &&
  (code === 'key_backend_throttled' ||
    (code === 'key_backend_unavailable' && repeats === 'after any fault of the moment'));

/** By chance, so that replicas do not knock in step. */
const retryDelayMs = (): number => 100 * (0.5 + Math.random());
