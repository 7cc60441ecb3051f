/**
 * The refresh loop: keeps all cache entries fresh in memory. One tick a second checks every entry, so there are no timers
 * for single entries, and a set clock or a sleeping machine shows as a gap between two ticks.
 */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { clockToleranceMs, type Now, sleep, toTimestamp } from '../../platform/time/index.ts';
import { type Random, retryDelayMs } from './backoff.ts';
import {
  type CacheEntry,
  type CacheValue,
  type EntrySpec,
  type EntryType,
  isUsable,
  nextRefreshAt,
} from './cache-entry.ts';
import { type CircuitBreaker, createCircuitBreaker } from './circuit-breaker.ts';
import { type Failure, failureOf } from './failure.ts';

/** Fetches one value from the server; rejects with the server's error. */
export type FetchValue = (spec: EntrySpec) => Promise<CacheValue>;

export interface RefresherOptions {
  readonly fetchValue: FetchValue;
  /** Called with each new value; rejects if its files cannot be written. */
  readonly onRefreshed: (spec: EntrySpec, value: CacheValue) => Promise<void>;
  /** Called when the server refuses the entry or the client: its value is no longer served. */
  readonly onRefused: (spec: EntrySpec) => Promise<void>;
  /** Called when the clock is set back. */
  readonly onClockSetBack: (milliseconds: number) => void;
  /** Called after each request to the server, with `ok` or an error code. */
  readonly observe: (outcome: string) => void;
  readonly now: Now;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Refresher {
  /** Replaces the set of entries; the values of unchanged entries stay cached. */
  setEntries(specs: readonly EntrySpec[]): void;
  tick(): void;
  /**
   * Resolves within half a second. Rejects with `agent_not_ready`, or with `not_found` if there is no entry of this type or
   * it has another purpose.
   */
  get(connection: string, type: EntryType, purpose?: string): Promise<CacheValue>;
  /** Resolves when no request is running and none can start at this moment. */
  settled(): Promise<void>;
  entries(): readonly Readonly<CacheEntry>[];
  readonly breaker: CircuitBreaker;
}

/** SDKs allow one second for the whole response. */
const maxWaitMs = 500;
const maxBackoffMs = 60_000;

export function createRefresher(options: RefresherOptions): Refresher {
  const { fetchValue, onRefreshed, onRefused, onClockSetBack, observe, now, random, logger } = options;
  const breaker = createCircuitBreaker({ now, random, logger });
  /** By connection, with one or two entries each. */
  let byConnection = new Map<string, readonly CacheEntry[]>();
  const queue: CacheEntry[] = [];
  /** By the entry that callers wait for; undefined for `settled`. */
  const waiting = new Map<CacheEntry | undefined, (() => void)[]>();
  let calls = 0;
  let clientRefusals = 0;
  let lastTickAt = now();

  const find = ({ connection, type }: Pick<EntrySpec, 'connection' | 'type'>) =>
    byConnection.get(connection)?.find((entry) => entry.type === type);
  const isCurrent = (entry: CacheEntry) => find(entry) === entry;
  const entries = () => [...byConnection.values()].flat();

  function startCalls(): void {
    while (queue.length > 0 && calls < breaker.concurrencyLimit()) void call(queue.shift()!);
    if (calls === 0 && (queue.length === 0 || breaker.concurrencyLimit() === 0)) wake(undefined);
  }

  async function call(entry: CacheEntry): Promise<void> {
    calls++;
    try {
      if (isCurrent(entry)) await refresh(entry);
    } catch (error) {
      // Errors of an entry that was removed from the configuration do not matter.
      if (isCurrent(entry)) await recordFailure(entry, failureOf(error));
    } finally {
      calls--;
      entry.isPending = false;
      wake(entry);
      startCalls();
    }
  }

  async function refresh(entry: CacheEntry): Promise<void> {
    const refusalsBefore = clientRefusals;
    const value = await fetchValue(entry);
    // The server has refused the client since it sent this value. The entry stays due.
    if (clientRefusals !== refusalsBefore) return;
    breaker.recordSuccess();
    if (!isCurrent(entry)) return;
    const remainingSeconds = (value.expiresAt - now()) / 1000;
    if (remainingSeconds <= 0) throw new SojournError('agent_clock_skew');
    if (remainingSeconds < entry.minLifetimeSeconds) throw ttlTooShort(entry, remainingSeconds);
    entry.value = value;
    entry.refreshedAt = now();
    // Set before the wait, in which the server can refuse the client: that makes the entry due at once.
    entry.dueAt = nextRefreshAt(entry, value, now, random);
    await onRefreshed(entry, value);
    if (entry.failure) logger.info(logFields(entry, 'agent.recovered'), 'the connection works again');
    entry.failureCount = 0;
    entry.failure = undefined;
    observe('ok');
    logger.debug(
      { ...logFields(entry, 'agent.refreshed'), expires_at: toTimestamp(value.expiresAt) },
      'refreshed',
    );
  }

  async function recordFailure(entry: CacheEntry, failure: Failure): Promise<void> {
    observe(failure.code);
    // The entry stays due and is tried again when the breaker allows it.
    if (failure.scope === 'server') return breaker.recordFailure(failure);
    if (failure.scope === 'client') {
      clientRefusals++;
      breaker.recordFailure(failure);
      return discardAll();
    }
    breaker.recordSuccess();
    if (failure.scope === 'refusal') await discard(entry);
    entry.failureCount++;
    entry.dueAt = now() + retryDelayMs(entry.failureCount, failure, maxBackoffMs, random);
    const isNew = entry.failure?.detail !== failure.detail;
    entry.failure = failure;
    if (isNew)
      logger.warn(
        { ...logFields(entry, 'agent.refresh_failed'), code: failure.code, err: failure.cause },
        `${failure.detail} ${failure.advice}`,
      );
  }

  async function discard(entry: CacheEntry): Promise<void> {
    entry.value = undefined;
    await onRefused(entry).catch((err: unknown) => logger.error({ err }, 'cannot remove a file'));
  }

  /** All values at once, before the first file is removed. Every entry is due, so that it works again once the client does. */
  async function discardAll(): Promise<void> {
    const discarded = entries().filter(({ value }) => value);
    for (const entry of entries()) {
      entry.value = undefined;
      entry.dueAt = now();
    }
    if (discarded.length > 0)
      logger.warn({ event: 'agent.discarded', entries: discarded.length }, 'discarded all cached values');
    await Promise.all(discarded.map(discard));
  }

  function wake(entry: CacheEntry | undefined): void {
    const resolvers = waiting.get(entry) ?? [];
    waiting.delete(entry);
    for (const resolve of resolvers) resolve();
  }

  const waitFor = (entry: CacheEntry | undefined) =>
    new Promise<void>((resolve) => {
      waiting.set(entry, [...(waiting.get(entry) ?? []), resolve]);
    });

  function refreshAllAfter(gap: number): void {
    logger.warn(
      { event: 'agent.clock_jumped', seconds: Math.round(gap / 1000) },
      'the clock was set or this machine was suspended; refreshing all entries',
    );
    breaker.retryNow();
    if (gap < 0) onClockSetBack(-gap);
    for (const entry of entries()) {
      entry.dueAt = now();
      // Setting the clock back must not extend the life of a value.
      if (gap < 0 && entry.value) entry.value = { ...entry.value, expiresAt: entry.value.expiresAt + gap };
    }
  }

  const self: Refresher = {
    breaker,

    setEntries(specs) {
      const next = specs.map((spec) => {
        const current = find(spec);
        return current && isSame(current, spec) ? current : newEntry(spec, now());
      });
      byConnection = Map.groupBy(next, ({ connection }) => connection);
      self.tick();
    },

    tick() {
      const time = now();
      const gap = time - lastTickAt;
      lastTickAt = time;
      if (Math.abs(gap) > clockToleranceMs) refreshAllAfter(gap);
      for (const pair of byConnection.values())
        for (const entry of pair) {
          if (entry.dueAt > time || entry.isPending) continue;
          entry.isPending = true;
          queue.push(entry);
        }
      startCalls();
    },

    async get(connection, type, purpose) {
      const entry = find({ connection, type });
      if (!entry || (purpose !== undefined && purpose !== entry.purpose)) throw new SojournError('not_found');
      if (!isUsable(entry, now)) {
        self.tick();
        if (entry.isPending && breaker.concurrencyLimit() > 0) await waitAtMost(maxWaitMs, waitFor(entry));
      }
      if (entry.value && isUsable(entry, now)) return entry.value;
      throw notReady(entry, breaker);
    },

    async settled() {
      if (calls > 0 || (queue.length > 0 && breaker.concurrencyLimit() > 0)) await waitFor(undefined);
    },

    entries,
  };
  return self;
}

const isSame = (a: EntrySpec, b: EntrySpec): boolean =>
  a.minLifetimeSeconds === b.minLifetimeSeconds && a.purpose === b.purpose;

/** Listed field by field: an object built by spreading takes half as much memory again. */
const newEntry = (
  { connection, type, minLifetimeSeconds, lifetimeReason, purpose }: EntrySpec,
  time: number,
): CacheEntry => ({
  connection,
  type,
  minLifetimeSeconds,
  lifetimeReason,
  purpose,
  value: undefined,
  dueAt: time,
  isPending: false,
  failureCount: 0,
  refreshedAt: undefined,
  failure: undefined,
});

const logFields = ({ connection, type }: EntrySpec, event: string) => ({ event, connection, type });

async function waitAtMost(milliseconds: number, work: Promise<void>): Promise<void> {
  const timeout = new AbortController();
  await Promise.race([work, sleep(milliseconds, timeout.signal).catch(() => undefined)]);
  timeout.abort();
}

function notReady({ connection, type, failure }: CacheEntry, breaker: CircuitBreaker): SojournError {
  const { detail, advice } = failure ?? breaker.failure ?? pending;
  return new SojournError('agent_not_ready', {
    detail: `The agent has no ${type === 'token' ? 'token' : 'credentials'} for ${connection}. ${detail}`,
    advice,
  });
}

const pending = {
  detail: 'The server has not answered yet; the agent keeps trying.',
  advice: 'Try again in a few seconds.',
};

function ttlTooShort(
  { connection, minLifetimeSeconds, lifetimeReason }: EntrySpec,
  remainingSeconds: number,
): SojournError {
  const ttl = Math.max(900, minLifetimeSeconds);
  return new SojournError('agent_token_ttl_too_short', {
    detail: `The tokens of ${connection} are valid for ${Math.round(remainingSeconds)} seconds, and its token file needs ${minLifetimeSeconds} or more: ${lifetimeReason}.`,
    advice: `Run: sojourn connection update ${connection} --token-ttl ${ttl}`,
  });
}
