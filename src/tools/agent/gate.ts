/**
 * The way to the server as a whole. When nobody answers there, or nobody may sign in, ten thousand connections do not
 * find that out one by one: a single call at a time tries, with longer and longer pauses, until one is answered.
 */
import type { Logger } from '../../platform/log/index.ts';
import type { Now } from '../../platform/time/index.ts';
import { type Random, waitAfter } from './backoff.ts';
import type { Trouble } from './trouble.ts';

export interface Gate {
  /** How many calls may be under way at this moment. */
  room(): number;
  answered(): void;
  failed(trouble: Trouble): void;
  /** Tries at once, whatever it waits for. */
  reopen(): void;
  /** Why nothing can be fetched, and the whole seconds until the next try. */
  readonly trouble: (Trouble & { readonly seconds: number }) | undefined;
}

const maxCalls = 16;
/** A server that is back is noticed within this time. */
const longestPauseMs = 30_000;

export function createGate({ now, random, logger }: { now: Now; random: Random; logger: Logger }): Gate {
  let failures = 0;
  let closedUntil = 0;
  let trouble: Trouble | undefined;
  const secondsLeft = () => Math.max(0, Math.ceil((closedUntil - now()) / 1000));
  return {
    room: () => (secondsLeft() > 0 ? 0 : failures > 0 ? 1 : maxCalls),
    answered() {
      if (failures > 0)
        logger.info({ event: 'agent.server_recovered', failures }, 'the server answers again');
      failures = 0;
      closedUntil = 0;
      trouble = undefined;
    },
    failed(reason) {
      // Calls that were under way together fail together, and count once.
      if (secondsLeft() > 0) return;
      failures++;
      closedUntil = now() + waitAfter(failures, reason, longestPauseMs, random);
      trouble = reason;
      logger.warn(
        { event: 'agent.server_unavailable', code: reason.code, failures, wait_seconds: secondsLeft() },
        `${reason.sentence} ${reason.advice}`,
      );
    },
    reopen() {
      closedUntil = 0;
    },
    get trouble() {
      return trouble && { ...trouble, seconds: secondsLeft() };
    },
  };
}
