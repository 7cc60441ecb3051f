/**
 * What other clocks say: that of the store, and those of the clouds in the `Date` of their answers (RFC 9110 section 6.6.1). Each
 * statement is stored as true time minus monotonic time, so that it holds however the wall clock is set.
 */
import { clockToleranceMs, type Elapsed } from '../../platform/time/index.ts';

export interface Statement {
  readonly source: 'store' | 'clouds';
  /** True time minus monotonic time, in milliseconds. */
  readonly offset: number;
}

export interface Evidence {
  /** What counts now: the clouds before the store, because they decide whether a token is in time. */
  current(): Statement | undefined;
  /** The time in an answer of a cloud, in milliseconds since the epoch. */
  addCloud(time: number, wallOffset: number): void;
  addStore(time: number, elapsedAt: number): void;
  /** After a jump: a machine that was suspended has other offsets. */
  clear(): void;
}

/** A statement is not used longer: monotonic clocks drift too. */
const validMs = 3_600_000;
/** `Date` is in whole seconds. */
const halfSecond = 500;

export function createEvidence(elapsed: Elapsed): Evidence {
  const found = new Map<Statement['source'], Statement & { readonly at: number }>();
  let doubtful: number | undefined;
  const isClose = (a: number, b: number) => Math.abs(a - b) <= clockToleranceMs;
  const valid = (source: Statement['source']) => {
    const statement = found.get(source);
    return statement && elapsed() - statement.at < validMs ? statement : undefined;
  };
  const add = (source: Statement['source'], offset: number) =>
    found.set(source, { source, offset, at: elapsed() });

  return {
    current: () => valid('clouds') ?? valid('store'),
    addCloud(time, wallOffset) {
      const offset = time + halfSecond - elapsed();
      // One front end can be wrong: two answers in a row must contradict this clock.
      const counts = isClose(offset, wallOffset) || (doubtful !== undefined && isClose(offset, doubtful));
      doubtful = isClose(offset, wallOffset) ? undefined : offset;
      if (counts) add('clouds', offset);
    },
    addStore: (time, elapsedAt) => void add('store', time - elapsedAt),
    clear() {
      found.clear();
      doubtful = undefined;
    },
  };
}
