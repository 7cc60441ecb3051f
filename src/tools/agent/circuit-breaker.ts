/**
 * The circuit breaker for the server, shared by all entries. After a server-wide failure one trial call at a time runs,
 * with growing pauses, so that ten thousand connections do not each discover the outage themselves.
 */
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { type Random, retryDelayMs } from './backoff.ts';
import type { Failure } from './failure.ts';

export interface CircuitBreaker {
  /** Closed: all calls; half-open: one trial call; open: none. */
  concurrencyLimit(): number;
  recordSuccess(): void;
  recordFailure(failure: Failure): void;
  /** Ends the pause: the next trial call may run at once. */
  retryNow(): void;
  /** Undefined while the breaker is closed. `retryInSeconds` is in whole seconds. */
  readonly failure: (Failure & { readonly retryInSeconds: number }) | undefined;
}

const maxConcurrentCalls = 16;
/** Also the time within which a recovered server is noticed. */
const maxBackoffMs = 30_000;

export function createCircuitBreaker({
  now,
  random,
  logger,
}: {
  now: Now;
  random: Random;
  logger: Logger;
}): CircuitBreaker {
  let failures = 0;
  let openUntil = 0;
  let lastFailure: Failure | undefined;
  const retryInSeconds = () => Math.max(0, Math.ceil((openUntil - now()) / 1000));
  return {
    concurrencyLimit: () => (retryInSeconds() > 0 ? 0 : failures > 0 ? 1 : maxConcurrentCalls),
    recordSuccess() {
      if (failures > 0)
        logger.info({ event: 'agent.server_recovered', failures }, 'the server answers again');
      failures = 0;
      openUntil = 0;
      lastFailure = undefined;
    },
    recordFailure(failure) {
      // Concurrent calls fail together and count as one failure.
      if (retryInSeconds() > 0) return;
      failures++;
      openUntil = now() + retryDelayMs(failures, failure, maxBackoffMs, random);
      lastFailure = failure;
      logger.warn(
        {
          event: 'agent.server_unavailable',
          code: failure.code,
          failures,
          retry_in_seconds: retryInSeconds(),
        },
        `${failure.detail} ${failure.advice}`,
      );
    },
    retryNow() {
      openUntil = 0;
    },
    get failure() {
      return lastFailure && { ...lastFailure, retryInSeconds: retryInSeconds() };
    },
  };
}
