/** Watches the wall clock, and decides whether it is trusted. */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { clockToleranceMs, type Now, toTimestamp } from '../../platform/time/index.ts';
import type { ClockTrust } from '../../tokens/keys/index.ts';
import { createEvidence } from './evidence.ts';

export interface ClockWatch {
  /** Compares the clocks. Call it every second. Never rejects. */
  check(): Promise<void>;
  /** The last jump of the past 24 hours, as text; undefined if there was none. */
  lastJump(): string | undefined;
  /** Takes the time in an answer of a cloud, in milliseconds since the epoch, and where it came from. */
  observe(time: number, origin: string): void;
}

export interface ClockWatchOptions {
  readonly now: Now;
  /** Changed here, and read by the keyrings. */
  readonly trust: ClockTrust;
  /** Seconds since the machine was started, including the time in which it was suspended. */
  readonly uptime: () => number;
  readonly store: Pick<Store, 'clock' | 'search'>;
  /** Asks a cloud for the time; its answer goes to `observe`. */
  readonly ask: (origin: string) => Promise<void>;
  readonly logger: Logger;
  /** The operator vouches for the clock: what the audit log says about the time does not count. */
  readonly isVouchedFor?: boolean;
}

const reportForMs = 86_400_000;
/** Every second while the clock is not trusted. */
const storeEvery = 5;
const askEvery = 5;
/** A clock set ahead that nothing contradicts is right again after this: tokens from before the jump have expired by default. */
const settlingMs = 300_000;
/** A machine that slept longer is rare; a clock that is wrong by years is not. */
const longestSleepMs = 7 * 86_400_000;
/** A server that was stopped for longer might have been started with a wrong clock. */
const longestGapMs = 3_600_000;
const maxOrigins = 3;

export function watchClock(options: ClockWatchOptions): ClockWatch {
  const { now, trust, uptime, store, ask, logger, isVouchedFor = false } = options;
  const { elapsed } = trust;
  const evidence = createEvidence(elapsed);
  const wallOffset = () => now() - elapsed();
  const origins = new Set<string>();
  let previous = wallOffset();
  let previousSleep = uptime() * 1000 - elapsed();
  let checks = 0;
  let jumped: { readonly at: number; readonly sentence: string; readonly slept: boolean } | undefined;
  let last: { readonly sentence: string; readonly detectedAt: number } | undefined;
  /** When the newest line of the audit log was written; undefined until it was read. */
  let newestLine: number | undefined;
  const startedAt = elapsed();

  function detectJump(): void {
    const jump = wallOffset() - previous;
    const slept = uptime() * 1000 - elapsed() - previousSleep;
    previous += jump;
    previousSleep += slept;
    if (Math.abs(jump) <= clockToleranceMs) return;
    evidence.clear();
    const seconds = Math.round(jump / 1000);
    const wasSuspended = jump > 0 && Math.abs(jump - slept) <= clockToleranceMs;
    const sentence = sentenceOf(seconds, wasSuspended);
    jumped = { at: elapsed(), sentence, slept: wasSuspended };
    last = { sentence: `${sentence}, detected at ${toTimestamp(now())}`, detectedAt: elapsed() };
    logger.warn({ event: 'clock.jumped', seconds }, sentence);
  }

  async function compareWithStore(): Promise<void> {
    const sentAt = elapsed();
    const time = await store.clock?.();
    if (time !== undefined) evidence.addStore(time, (sentAt + elapsed()) / 2);
    newestLine ??= (await store.search({ limit: 1 })).items[0]?.at ?? 0;
  }

  /** Why the clock is wrong; undefined if nothing says so. */
  function findProblem(): string | undefined {
    const offset = wallOffset();
    const statement = evidence.current();
    if (statement) return differenceFrom(statement.source, offset - statement.offset);
    const jump = offset - trust.offset;
    if (Math.abs(jump) > clockToleranceMs && jumped) {
      const hasSettled = jump <= longestSleepMs && elapsed() - jumped.at >= settlingMs;
      return jump > 0 && (jumped.slept || hasSettled) ? undefined : jumped.sentence;
    }
    const behind = isVouchedFor ? 0 : (newestLine ?? 0) - now();
    return behind > clockToleranceMs
      ? `the clock of this server is ${Math.round(behind / 1000)} s behind the newest line of the audit log`
      : undefined;
  }

  /** Why no key changes although the clock is trusted: it may have been wrong since the start, and nothing confirms it. */
  function findDoubt(): string | undefined {
    if (isVouchedFor || !newestLine || evidence.current() || elapsed() - startedAt >= reportForMs)
      return undefined;
    const gap = now() - elapsed() + startedAt - newestLine;
    return gap > longestGapMs
      ? `this server was stopped for ${Math.round(gap / 1000)} s by its clock, which nothing has confirmed since the start`
      : undefined;
  }

  function decide(): void {
    const problem = findProblem();
    if (problem === undefined) {
      trust.offset = wallOffset();
      jumped = undefined;
    }
    if (problem !== undefined && trust.problem === undefined)
      logger.error(
        { event: 'clock.not_trusted', reason: problem },
        'the clock is not trusted: nothing is signed',
      );
    if (problem === undefined && trust.problem !== undefined)
      logger.warn({ event: 'clock.trusted' }, 'the clock is trusted again');
    trust.problem = problem;
    trust.doubt = findDoubt();
  }

  return {
    async check() {
      detectJump();
      // At once: until another clock has answered, a jump is a reason not to sign.
      decide();
      const isUrgent = trust.problem !== undefined;
      const round = checks++;
      await Promise.all([
        isUrgent || round % storeEvery === 0 ? compareWithStore().catch(ignoreOutage) : undefined,
        ...(isUrgent && round % askEvery === 0 ? [...origins].map((origin) => ask(origin)) : []),
      ]);
      decide();
    },
    lastJump: () => (last && elapsed() - last.detectedAt < reportForMs ? last.sentence : undefined),
    observe(time, origin) {
      evidence.addCloud(time, wallOffset());
      origins.delete(origin);
      origins.add(origin);
      const [oldest] = origins;
      if (oldest !== undefined && origins.size > maxOrigins) origins.delete(oldest);
    },
  };
}

function sentenceOf(seconds: number, wasSuspended: boolean): string {
  if (seconds < 0) return `the clock was set back by ${-seconds} s`;
  return wasSuspended
    ? `this machine was suspended for ${seconds} s`
    : `the clock was set ahead by ${seconds} s, or this machine was suspended`;
}

function differenceFrom(source: 'store' | 'clouds', difference: number): string | undefined {
  if (Math.abs(difference) <= clockToleranceMs) return undefined;
  const other = source === 'store' ? 'that of the store' : 'those of the clouds';
  return `the clock of this server is ${Math.round(Math.abs(difference) / 1000)} s ${difference > 0 ? 'ahead of' : 'behind'} ${other}`;
}

/** A store that does not answer is reported by others. */
function ignoreOutage(error: unknown): void {
  if (!(error instanceof SojournError)) throw error;
}
