/** Compares the store with the high-water mark of this replica, at the start and every second. */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { countedTypes, type Seal, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { KeyBackend } from '../../tokens/keys/index.ts';
import { compareWithMark } from './compare.ts';
import { isOfAnotherKey, type Mark, markOf, renewMark, writeMark } from './mark-file.ts';
import { missingDocuments } from './marks.ts';

export interface RollbackOptions {
  readonly store: Store;
  readonly backend: Pick<KeyBackend, 'macs'>;
  /** The folder of the local ring files. */
  readonly folder: string;
  readonly logger: Logger;
  readonly now: Now;
}

export interface RollbackWatch {
  /** Sets the fault of the store, and takes it back when an administrator has accepted the rollback. Never rejects. */
  check(): Promise<void>;
  /** Why the last comparison was not possible, although the store answers: it is damaged. */
  failure(): string | undefined;
}

/** Counting reads the id of every document; the few that can open everything are counted in each check. */
const countAllEvery = 60;
const always = ['policy', 'suspension'] as const;

/**
 * Compares the store at once. Rejects with `key_material_unusable` if the mark of this replica is damaged, and as the store does:
 * a server that could not compare must not write.
 */
export async function watchForRollback(options: RollbackOptions): Promise<RollbackWatch> {
  const { store, backend, folder, logger, now } = options;
  const { continuity } = store;
  let mark = await renewMark(folder, backend);
  let epoch: number | undefined;
  let checks = 0;
  /** A start that is refused gives one reason, and changes no file. */
  let isStarting = true;
  let logged: string | undefined;
  /** Why the last check or write of the mark failed. */
  let failure: string | undefined;
  let unreadable: string | undefined;

  async function check(): Promise<void> {
    const { fault, seal, seenEpoch, ...found } = await compareWithMark(options, mark);
    epoch ??= seenEpoch ?? found.epoch;
    if (fault === undefined && found.epoch > epoch) {
      epoch = found.epoch;
      continuity.fault = undefined;
      continuity.last = undefined;
      logged = undefined;
      logger.warn({ epoch }, 'an administrator accepted the rollback of the store');
    }
    const types = checks % countAllEvery === 0 ? countedTypes : always;
    const lost =
      fault ??
      continuity.fault ??
      ((await store.log.continues()) ? undefined : 'it lacks audit lines that this server has written') ??
      (await missingDocuments(store, types));
    checks++;
    if (lost !== undefined) return lose(lost, seal);
    if (seal && !isStarting && seal.checkpoint !== mark?.seal?.checkpoint) await note(markOf(seal, now()));
  }

  async function lose(fault: string, seal: Seal | undefined): Promise<void> {
    continuity.fault = fault;
    if (isStarting || logged === fault) return;
    logged = fault;
    logger.error({ fault }, 'the store has lost acknowledged writes; the server writes and issues nothing');
    // Also after a restart, which forgets the lines of this process that no checkpoint had yet.
    const last = mark ?? (seal ? markOf(seal, now()) : { seal: null, seen_at: toTimestamp(now()) });
    await note({ ...last, lost: fault });
  }

  async function note(next: Mark): Promise<void> {
    mark = next;
    if (await isOfAnotherKey(folder, backend)) return;
    try {
      await writeMark(folder, backend, next);
      failure = undefined;
    } catch (error) {
      warn(error, 'cannot write the high-water mark');
    }
  }

  /** Once for each reason. */
  function warn(err: unknown, what: string): void {
    const reason = `${what}: ${messageOf(err)}`;
    if (reason !== failure) logger.warn({ err }, what);
    failure = reason;
  }

  await check();
  isStarting = false;
  return {
    check: () =>
      check().then(
        () => {
          unreadable = undefined;
        },
        (err: unknown) => {
          // An outage is no rollback, and other checks report it.
          if (err instanceof SojournError && err.code === 'store_unavailable') return;
          unreadable = messageOf(err);
          warn(err, 'cannot compare the store with the high-water mark');
        },
      ),
    failure: () => unreadable,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
