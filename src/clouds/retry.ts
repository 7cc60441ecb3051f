/** When asking once more helps: after a fault of the moment, never after a refusal. */
import { SojournError } from '../platform/errors/index.ts';
import { sleep } from '../platform/time/index.ts';

const maxTries = 3;
const firstPauseMs = 150;
/** A cloud that wants a longer pause gets it from the caller: the visit has five seconds in all. */
const longestWishSeconds = 1;

/**
 * Makes up to three tries, with pauses that double and are spread by chance so that replicas do not knock in step.
 * @param also what else is worth another try, in the eyes of this cloud
 */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  signal: AbortSignal,
  also: (error: SojournError) => boolean = () => false,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const helps = error instanceof SojournError && (isPassing(error) || also(error));
      if (!helps || tries === maxTries) throw error;
      // When the time runs out in the pause, what the cloud said last is worth more than that.
      await sleep(pauseMs(tries), signal).catch(() => {
        throw error;
      });
    }
  }
}

function isPassing({ code, retryAfter = 0 }: SojournError): boolean {
  return code === 'cloud_unavailable' || (code === 'cloud_throttled' && retryAfter <= longestWishSeconds);
}

const pauseMs = (tries: number): number => firstPauseMs * 2 ** (tries - 1) * (0.5 + Math.random());
