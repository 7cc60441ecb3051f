/** Compares the store with the high-water mark of this replica, at the start and every second. */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { countedTypes, type Store } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { KeyBackend } from '../../tokens/keys/index.ts';
import { compareWithMark } from './compare.ts';
import { type Mark, markOf, renewMark, writeMark } from './mark-file.ts';
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
}

/** Counting reads the id of every document; the few that can open everything are counted in each check. */
const countAllEvery = 60;
const always = ['policy', 'suspension'] as const;

/** Rejects with `key_material_unusable` if the mark of this replica is damaged. */
export async function watchForRollback(options: RollbackOptions): Promise<RollbackWatch> {
  const { store, backend, folder, logger, now } = options;
  const { continuity } = store;
  let mark = await renewMark(folder, backend);
  let epoch: number | undefined;
  let checks = 0;
  let logged: string | undefined;

  async function check(): Promise<void> {
    const { fault, seal, seenEpoch, ...found } = await compareWithMark(options, mark);
    epoch ??= seenEpoch ?? found.epoch;
    if (fault === undefined && found.epoch > epoch) {
      continuity.fault = undefined;
      continuity.last = undefined;
      logged = undefined;
      logger.warn({ epoch: found.epoch }, 'an administrator accepted the rollback of the store');
    }
    const types = checks++ % countAllEvery === 0 ? countedTypes : always;
    const lost =
      fault ??
      continuity.fault ??
      ((await store.log.continues()) ? undefined : 'it lacks audit lines that this server has written') ??
      (await missingDocuments(store, types));
    if (lost !== undefined) return lose(lost);
    epoch = found.epoch;
    if (seal && seal.checkpoint !== mark?.seal?.checkpoint) await note(markOf(seal, now()));
  }

  async function lose(fault: string): Promise<void> {
    continuity.fault = fault;
    if (logged === fault) return;
    logged = fault;
    logger.error({ fault }, 'the store has lost acknowledged writes; the server writes and issues nothing');
    // Also after a restart, which forgets the lines of this process that no checkpoint had yet.
    await note({ seal: null, seen_at: toTimestamp(now()), ...mark, lost: fault });
  }

  async function note(next: Mark): Promise<void> {
    mark = next;
    await writeMark(folder, backend, next);
  }

  return {
    check: () =>
      check().catch((err: unknown) => {
        // An outage is no rollback, and other checks report it.
        const isOutage = err instanceof SojournError && err.code === 'store_unavailable';
        if (!isOutage) logger.warn({ err }, 'cannot compare the store with the high-water mark');
      }),
  };
}
