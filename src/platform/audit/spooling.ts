/**
 * `audit.on_failure: spool`: entries that the store cannot take wait in the spool, and are appended when it is back, in order and
 * once each. While entries wait, new ones join them, so that a store that does not answer delays nobody.
 */
import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SojournError } from '../errors/index.ts';
import type { Logger } from '../log/index.ts';
import { type Store, toCanonicalText } from '../store/index.ts';
import { openSpool } from './spool.ts';
import { readSpoolFile, type SpooledLine } from './spool-file.ts';

export interface Spooling extends Pick<Store, 'append'> {
  /** How many entries of this process wait. */
  waiting(): number;
  /** Appends what waits, if the store answers. */
  drain(): Promise<void>;
  close(): Promise<void>;
}

/** Appends that wait for one commit. */
const batchSize = 100;
const pageSize = 1_000;

export async function createSpooling(options: {
  store: Pick<Store, 'append' | 'search' | 'log' | 'ping' | 'continuity'>;
  folder: string;
  logger: Logger;
  maxBytes?: number;
}): Promise<Spooling> {
  const { store, folder, logger } = options;
  const spool = await openSpool(folder, options.maxBytes);
  /** The highest sequence number that the store has confirmed. */
  let confirmed = (await store.search({ limit: 1 })).items[0]?.sequence ?? 0;
  /** New entries wait for it: without a pause, the drain would not end while there is load. */
  let drained = Promise.resolve();
  /** Why the store refuses what waits, other than an outage. */
  let refusal: SojournError | undefined;
  /** The last state in the log. */
  let logged: 'ok' | 'waiting' | 'failing' = 'ok';

  const append: Store['append'] = async (entry) => {
    const sequence = await store.append(entry);
    confirmed = Math.max(confirmed, sequence);
    return sequence;
  };

  /** Resolves to the lines that the journal lacks. */
  async function missing(lines: readonly SpooledLine[]): Promise<readonly SpooledLine[]> {
    const left = new Map(lines.map((line) => [line.id, line]));
    const first = new Map(lines.map((line) => [`${line.at} ${toCanonicalText(line.value)}`, line.id]));
    let after = Math.min(...lines.map((line) => line.after));
    for (;;) {
      const page = await store.log.lines(after, pageSize);
      for (const { sequence, at, text = '{}' } of page) {
        after = sequence;
        const { spooled } = JSON.parse(text) as { spooled?: string };
        // Without a mark: the first attempt to append it succeeded, but the confirmation did not arrive.
        left.delete(spooled ?? first.get(`${at} ${text}`) ?? '');
      }
      if (page.length < pageSize) return [...left.values()];
    }
  }

  async function drainFile(path: string): Promise<number> {
    if (!(await spool.touch(path))) return 0;
    const { lines, damaged } = await readSpoolFile(path);
    const due = lines.length === 0 ? [] : await missing(lines);
    for (let start = 0; start < due.length; start += batchSize) {
      if (!(await spool.touch(path))) return start;
      const batch = due.slice(start, start + batchSize);
      const results = await Promise.allSettled(
        batch.map(({ id, at, value }) => append({ at, value: { ...value, spooled: id } })),
      );
      for (const result of results) if (result.status === 'rejected') throw result.reason;
    }
    if (damaged > 0)
      logger.error(
        { file: path, damaged },
        'a spool file has damaged lines; it is kept with the ending .damaged',
      );
    await spool.finish(path, damaged > 0);
    return due.length;
  }

  async function drainFiles(): Promise<number> {
    let appended = 0;
    for (const path of await spool.takeFiles()) appended += await drainFile(path);
    return appended;
  }

  return {
    async append(entry) {
      await drained;
      const after = confirmed;
      // A store that has lost writes takes no entry, and nothing may be issued.
      if (spool.waiting() === 0 || store.continuity.fault !== undefined)
        try {
          return await append(entry);
        } catch (error) {
          if (!isOutage(error)) throw error;
          if (logged === 'ok')
            logger.warn({ err: error, folder }, 'the store takes no audit entries; they wait in the spool');
          logged = 'waiting';
        }
      else if (refusal !== undefined) throw refusal;
      await spool.add({ id: randomUUID(), at: entry.at, after, value: entry.value as object });
      return 0;
    },

    waiting: spool.waiting,

    async drain() {
      try {
        if (!(await spool.hasFiles())) return;
        await store.ping();
        let appended = 0;
        for (let isLast = false; !isLast; ) {
          isLast = spool.waiting() <= batchSize;
          // The last round begins when the entries that do not wait for it are in the spool.
          const round = isLast ? nextTurn().then(drainFiles) : drainFiles();
          if (isLast) drained = round.then(ignore, ignore);
          appended += await round;
        }
        if (appended > 0) logger.info({ appended }, 'appended the spooled audit entries to the store');
        refusal = undefined;
        logged = 'ok';
      } catch (error) {
        if (isOutage(error)) return;
        if (error instanceof SojournError) refusal = error;
        if (logged !== 'failing')
          logger.error({ err: error, waiting: spool.waiting() }, 'cannot append the spooled audit entries');
        logged = 'failing';
      }
    },

    close: spool.close,
  };
}

const ignore = (): void => {};

const isOutage = (error: unknown): boolean =>
  error instanceof SojournError && error.code === 'store_unavailable';
