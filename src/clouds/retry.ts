/** Retries after transient errors, never after a refusal. */
import { SojournError } from '../platform/errors/index.ts';
import { backoffMs } from '../platform/retry/index.ts';
import { sleep } from '../platform/time/index.ts';
import { cloudResponseOf } from './explanation.ts';

const maxAttempts = 3;
const firstPauseMs = 150;
/** A longer Retry-After is left to the caller, because an exchange has five seconds in total. */
const maxRetryAfterSeconds = 1;

/**
 * Makes up to three attempts with exponential backoff and jitter, so that replicas do not retry in step.
 * @param isRetryable further errors of this cloud that are worth a retry
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  isRetryable: (error: SojournError) => boolean = () => false,
): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      const shouldRetry = error instanceof SojournError && (isTransient(error) || isRetryable(error));
      if (!shouldRetry || attempts === maxAttempts) throw error;
      // If the deadline passes during the pause, the last error of the cloud says more than a timeout.
      await sleep(backoffMs(attempts, { firstMs: firstPauseMs }), signal).catch(() => {
        throw error;
      });
    }
  }
}

function isTransient(error: SojournError): boolean {
  const { code, retryAfter = 0 } = error;
  if (code === 'cloud_throttled' && retryAfter > maxRetryAfterSeconds) return false;
  return cloudResponseOf(error).isTransient ?? (code === 'cloud_unavailable' || code === 'cloud_throttled');
}
