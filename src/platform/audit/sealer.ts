/**
 * Seals the audit log while a server runs: its own lines within a second, and lines that another process left within a few.
 * Any number of processes may do so: the first one wins, and the others find nothing left.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SojournError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type VerifierKey, verifierKey } from '../merkle/index.ts';
import { type Now, sleep } from '../time/index.ts';
import { type SealOptions, sealNext } from './seal.ts';

/**
 * The age of the oldest unsealed line at which a process seals. The process that made the last checkpoint comes first, so that
 * one of many seals for all, and a key service signs about two checkpoints per second.
 */
const settleMs = 400;
const othersSettleMs = 700;
/** Keeps processes apart that appended at the same moment. */
const jitterMs = 100;
/** Between looks for lines of other processes, and after a failure. */
const idleMs = 3_000;
/** How long `close` waits for the last seal. */
const closeMs = 2_000;

export interface SealState {
  /** The number of sealed lines. */
  readonly size: number;
  /** The time of the oldest line that is not sealed, in milliseconds since the epoch; undefined if all are sealed. */
  readonly unsealedSince: number | undefined;
  /** Why the last attempt failed, for the operator. */
  readonly failure: string | undefined;
}

export interface Sealer {
  /** To be called after each append. */
  appended(): void;
  state(): SealState;
  /** The key that verifies the checkpoints; undefined until it was created and the store was read. */
  verifierKey(): VerifierKey | undefined;
  /** Seals what is there, then stops. */
  close(): Promise<void>;
}

export function startSealer(options: SealOptions & { readonly logger: Logger; readonly now: Now }): Sealer {
  const { log, signer, logger, now } = options;
  let phase: 'idle' | 'soon' | 'running' | 'waiting' | 'closed' = 'idle';
  let timer: NodeJS.Timeout | undefined;
  let running = Promise.resolve();
  let size = 0;
  let origin: string | undefined;
  let oldest: number | undefined;
  /** The time of the first append since the last look. */
  let appendedAt: number | undefined;
  /** The size at which the last seal was put off. */
  let deferred: number | undefined;
  let failure: string | undefined;
  let own: string | undefined;
  let settle = othersSettleMs;

  function schedule(next: typeof phase, ms: number): void {
    if (phase === 'closed') return;
    phase = next;
    clearTimeout(timer);
    timer = setTimeout(() => {
      phase = 'running';
      running = run();
    }, ms).unref();
  }

  const scheduleSoon = (ms: number) => schedule('soon', ms + Math.random() * jitterMs);

  async function run(): Promise<void> {
    try {
      const age = await look();
      // Once for each size, because the clock that wrote the line may not be this one.
      if (age !== undefined && age >= 0 && age < settle && deferred !== size) {
        deferred = size;
        return scheduleSoon(settle - age);
      }
      await sealAll();
      noteFailure(undefined);
      if (appendedAt === undefined) schedule('idle', idleMs);
      else scheduleSoon(settle);
    } catch (error) {
      noteFailure(error);
      schedule('waiting', idleMs);
    }
  }

  /** The age of the oldest unsealed line; undefined if there is none. */
  async function look(): Promise<number | undefined> {
    const sealed = await log.sealed();
    size = sealed?.size ?? 0;
    settle = sealed && sealed.checkpoint === own ? settleMs : othersSettleMs;
    origin = sealed ? sealed.checkpoint.split('\n', 1)[0]! : options.origin;
    appendedAt = undefined;
    const [line] = await log.lines(size, 1);
    oldest = line?.at;
    return oldest === undefined ? undefined : now() - oldest;
  }

  async function sealAll(): Promise<void> {
    for (;;) {
      const sealed = await sealNext(options);
      size = sealed.size;
      own = sealed.checkpoint ?? own;
      if (!sealed.more) break;
      await nextTurn();
    }
    oldest = undefined;
  }

  /** Logs a failure once, and its end once. */
  function noteFailure(error: unknown): void {
    const reason = error === undefined ? undefined : reasonFor(error);
    if (reason === failure) return;
    failure = reason;
    if (reason === undefined) logger.info('the audit log is sealed again');
    else if (error instanceof SojournError && error.code === 'journal_damaged')
      logger.error({ err: error }, 'the audit log is damaged; the server does not seal it any more');
    else logger.warn({ err: error }, 'cannot seal the audit log; trying again');
  }

  schedule('idle', 0);
  return {
    appended() {
      appendedAt ??= now();
      if (phase === 'idle') scheduleSoon(settle);
    },
    state: () => ({ size, unsealedSince: oldest ?? appendedAt, failure }),
    verifierKey: () => (origin !== undefined && signer.jwk ? verifierKey(origin, signer.jwk) : undefined),
    async close() {
      phase = 'closed';
      clearTimeout(timer);
      const sealed = new AbortController();
      const last = running.then(sealAll).catch(noteFailure);
      const late = sleep(closeMs, sealed.signal).catch(() => undefined);
      await Promise.race([last.finally(() => sealed.abort()), late]);
    },
  };
}

/** Errors of the store and the key backend say in their cause what happened. */
const reasonFor = (error: unknown): string => {
  const { message, cause, status } = error as Partial<SojournError>;
  return status === 503 && cause instanceof Error ? cause.message : String(message);
};
