/**
 * Calls to a key service: limited in time and number, retried once where that helps, refused while a circuit breaker is
 * open.
 */
import { SojournError } from '../../../platform/errors/index.ts';
import { backoffMs } from '../../../platform/retry/index.ts';
import { sleep } from '../../../platform/time/index.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import type { KeyService } from './contract.ts';
import { unavailable } from './faults.ts';
import { RetryBudget } from './retry-budget.ts';
import { Slots } from './slots.ts';

export interface Limits {
  /** Calls that may wait for a slot; each is a request of a client. */
  readonly maxQueued: number;
  readonly failureThreshold: number;
  /** How long the circuit breaker stays open, in milliseconds, before it allows one trial call. */
  readonly openMs: number;
}

/** For the circuit breaker of a single key: one refusal opens it, and calls for other keys continue. */
const keyFailureThreshold = 1;
/** A key without calls for this long has left the ring, so its failure is forgotten. */
const forgetMs = 10 * 60_000;

/** A call that creates a key may have succeeded although its response was lost. A throttled call was not even started. */
export type RetryPolicy = 'after any transient error' | 'only if throttled';

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

  /** The last failures of the service and of single keys since their last success. */
  get failures(): readonly SojournError[] {
    return [
      this.#breaker.lastFailure,
      ...[...this.#keyBreakers.values()].map(({ lastFailure }) => lastFailure),
    ].filter((error) => error !== undefined);
  }

  /** Runs `work` for the key that `subject` names, until `signal` aborts. Rejects with `key_backend_…`. */
  async call<T>(
    subject: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
    retryPolicy: RetryPolicy = 'after any transient error',
  ): Promise<T> {
    this.#budget.earn();
    let outcome = await this.#callOnce(subject, signal, work);
    if (
      'fault' in outcome &&
      isRetryable(outcome.fault, retryPolicy) &&
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

  /** Makes one call and returns its result or error. Rejects if the service was not called. */
  async #callOnce<T>(
    subject: string,
    signal: AbortSignal,
    work: (signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T } | { fault: SojournError }> {
    const slot = await this.#slots.acquire(signal);
    const refusal = this.#keyBreakers.get(subject)?.openError ?? this.#breaker.openError;
    if (refusal) {
      slot.release();
      throw refusal;
    }
    this.#keyBreakers.get(subject)?.startCall();
    this.#breaker.startCall();
    let ended = false;
    const working = work(signal).finally(() => {
      ended = true;
      slot.release();
    });
    try {
      const result = await this.#inTime(working, signal);
      this.#breaker.recordSuccess();
      this.#keyBreakers.delete(subject);
      return { result };
    } catch (error) {
      if (!ended) slot.markOverdue();
      const fault =
        error instanceof SojournError ? error : unavailable(`${this.#service.name}: ${String(error)}`);
      this.#recordFailure(subject, fault);
      return { fault };
    }
  }

  /**
   * A refusal counts against the key, and shows that the service is available. Any other error counts against the service.
   */
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

  /** Settles when `signal` aborts, even if `work` ignores the signal and continues. */
  #inTime<T>(working: Promise<T>, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = () => reject(unavailable(`${this.#service.name} did not answer in time`));
      if (signal.aborted) late();
      signal.addEventListener('abort', late, { once: true });
      working.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
    });
  }
}

/** A call is not retried if the service asks for a longer pause than the caller would wait. */
const maxRetryAfterSeconds = 1;

const isRetryable = ({ code, retryAfter = 0 }: SojournError, retryPolicy: RetryPolicy): boolean =>
  retryAfter <= maxRetryAfterSeconds &&
  (code === 'key_backend_throttled' ||
    (code === 'key_backend_unavailable' && retryPolicy === 'after any transient error'));

/** With jitter, so that replicas do not retry at the same time. */
const retryDelayMs = (): number => backoffMs(1, { firstMs: 100 });
