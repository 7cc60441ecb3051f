/**
 * Seals the audit log while a server runs: every line within a second, also those that another process left. Any number of
 * processes may do so: the first one wins, and the others find nothing left.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SojournError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type VerifierKey, verifierKey } from '../merkle/index.ts';
import { every, sleep } from '../time/index.ts';
import { type SealOptions, sealNext } from './seal.ts';

/** Two small reads of the store. */
const lookMs = 200;
/**
 * A process seals at this look that finds lines after the same checkpoint. The process that made the checkpoint comes first, so
 * that one of many seals for all, and a key service signs about two checkpoints per second. Counted in looks, because the
 * clocks of two processes may differ.
 */
const looksOfLast = 3;
const looksOfOthers = 4;
/** Looks that are left out after a failure: 3 s. */
const restLooks = 15;
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
  /** Resolves once `verifierKey` can know the name of the key. */
  start(): Promise<void>;
  state(): SealState;
  /** The key that verifies the checkpoints; undefined until it was created and the store was read. */
  verifierKey(): VerifierKey | undefined;
  /** Seals what is there, if it was started, then stops. */
  close(): Promise<void>;
}

export function createSealer(options: SealOptions & { readonly logger: Logger }): Sealer {
  const { log, signer, logger } = options;
  /** Resolves to a function that stops it. */
  let started: Promise<() => Promise<void>> | undefined;
  let origin: string | undefined;
  let size = 0;
  let unsealedSince: number | undefined;
  let failure: string | undefined;
  /** Of this process. */
  let lastCheckpoint: string | undefined;
  /** How many looks found lines after this size. */
  let looks = 0;
  /** Whether the last attempt succeeded. Before the first one, and after a failure, a look seals and checks at once. */
  let sound = false;
  let rest = 0;

  async function look(): Promise<void> {
    if (rest > 0) rest--;
    else
      try {
        if ((await isDue()) || !sound) await sealAll();
      } catch (error) {
        noteFailure(error);
        sound = false;
        rest = restLooks;
      }
  }

  async function isDue(): Promise<boolean> {
    const sealed = await log.sealed();
    origin = sealed ? sealed.checkpoint.split('\n', 1)[0]! : options.origin;
    if (sealed && sealed.size !== size) looks = 0;
    size = sealed?.size ?? 0;
    const [line] = await log.lines(size, 1);
    unsealedSince = line?.at;
    looks = line ? looks + 1 : 0;
    return looks >= (sealed?.checkpoint === lastCheckpoint ? looksOfLast : looksOfOthers);
  }

  async function sealAll(): Promise<void> {
    for (;;) {
      const sealed = await sealNext(options);
      size = sealed.size;
      lastCheckpoint = sealed.checkpoint ?? lastCheckpoint;
      if (!sealed.more) break;
      await nextTurn();
    }
    unsealedSince = undefined;
    looks = 0;
    sound = true;
    noteFailure(undefined);
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

  return {
    async start() {
      started = isDue()
        .catch(noteFailure)
        .then(() => every(lookMs, look));
      await started;
    },
    state: () => ({ size, unsealedSince, failure }),
    verifierKey: () => (origin !== undefined && signer.jwk ? verifierKey(origin, signer.jwk) : undefined),
    async close() {
      if (!started) return;
      const sealed = new AbortController();
      const last = started
        .then((stop) => stop())
        .then(sealAll)
        .catch(noteFailure);
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
