/**
 * Keeps what is wanted fresh, in memory. One turn a second looks at all of it: no timer for each, and a clock that was set
 * or a machine that slept is seen as a gap between two turns.
 */
import { SojournError } from '../../platform/errors/index.ts';
import type { Logger } from '../../platform/log/index.ts';
import { clockToleranceMs, type Now, sleep, toTimestamp } from '../../platform/time/index.ts';
import { type Random, waitAfter } from './backoff.ts';
import { createGate, type Gate } from './gate.ts';
import { dueAfter, type Grant, type Held, isLive, type Kind, type Wanted } from './held.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** Brings one from the server; rejects with what it says. */
export type Bring = (wanted: Wanted) => Promise<Grant>;

export interface KeeperOptions {
  readonly bring: Bring;
  /** A new one is here; rejects when it cannot be put where it is read. */
  readonly arrived: (wanted: Wanted, grant: Grant) => Promise<void>;
  /** The server refuses it from now on. */
  readonly refused: (wanted: Wanted) => Promise<void>;
  /** The clock was set back by so many milliseconds. */
  readonly setBack: (milliseconds: number) => void;
  /** Told of each call: `ok`, or the code of the refusal. */
  readonly observe: (outcome: string) => void;
  readonly now: Now;
  readonly random: Random;
  readonly logger: Logger;
}

export interface Keeper {
  /** From now on this is wanted, and nothing else; what is held of it stays. */
  want(all: readonly Wanted[]): void;
  turn(): void;
  /**
   * Resolves within half a second. Rejects with `agent_not_ready`, or `not_found` when this is not wanted, or for another
   * purpose than the one that is asked for.
   */
  get(connection: string, kind: Kind, purpose?: string): Promise<Grant>;
  /** Resolves when nothing is under way or can be at this moment. */
  settled(): Promise<void>;
  held(): readonly Readonly<Held>[];
  readonly gate: Gate;
}

/** An SDK waits a second for the whole answer. */
const patienceMs = 500;
const longestPauseMs = 60_000;

export function createKeeper(options: KeeperOptions): Keeper {
  const { bring, arrived, refused, setBack, observe, now, random, logger } = options;
  const gate = createGate({ now, random, logger });
  /** By connection, each with one or two. */
  let items = new Map<string, readonly Held[]>();
  const queue: Held[] = [];
  const waiting = new Map<Held | undefined, (() => void)[]>();
  let calls = 0;
  let lastTurn = now();

  const find = ({ connection, kind }: Pick<Wanted, 'connection' | 'kind'>) =>
    items.get(connection)?.find((item) => item.kind === kind);
  const isWanted = (item: Held) => find(item) === item;
  const held = () => [...items.values()].flat();

  function pump(): void {
    while (queue.length > 0 && calls < gate.room()) void call(queue.shift()!);
    if (calls === 0 && (queue.length === 0 || gate.room() === 0)) wake(undefined);
  }

  async function call(item: Held): Promise<void> {
    calls++;
    try {
      if (isWanted(item)) await refresh(item);
    } catch (thrown) {
      // What was ended with its connection is nobody's trouble.
      if (isWanted(item)) await failed(item, troubleOf(thrown));
    } finally {
      calls--;
      item.waits = false;
      wake(item);
      pump();
    }
  }

  async function refresh(item: Held): Promise<void> {
    const grant = await bring(item);
    gate.answered();
    if (!isWanted(item)) return;
    const left = (grant.expiresAt - now()) / 1000;
    if (left <= 0) throw new SojournError('agent_clock_skew');
    if (left < item.leastSeconds) throw tooShort(item, left);
    item.grant = grant;
    item.refreshedAt = now();
    await arrived(item, grant);
    item.due = dueAfter(item, grant, now, random);
    if (item.trouble) logger.info(about(item, 'agent.recovered'), 'this connection works again');
    item.failures = 0;
    item.trouble = undefined;
    observe('ok');
    logger.debug(
      { ...about(item, 'agent.refreshed'), expires_at: toTimestamp(grant.expiresAt) },
      'refreshed',
    );
  }

  async function failed(item: Held, trouble: Trouble): Promise<void> {
    observe(trouble.code);
    // It stays due, and is tried when the gate opens.
    if (trouble.kind === 'server') return gate.failed(trouble);
    gate.answered();
    if (trouble.kind === 'refusal') {
      item.grant = undefined;
      await refused(item).catch((err: unknown) => logger.error({ err }, 'a file could not be removed'));
    }
    item.failures++;
    item.due = now() + waitAfter(item.failures, trouble, longestPauseMs, random);
    const isNews = item.trouble?.sentence !== trouble.sentence;
    item.trouble = trouble;
    if (isNews)
      logger.warn(
        { ...about(item, 'agent.refresh_failed'), code: trouble.code, err: trouble.cause },
        `${trouble.sentence} ${trouble.advice}`,
      );
  }

  function wake(item: Held | undefined): void {
    const all = waiting.get(item) ?? [];
    waiting.delete(item);
    for (const done of all) done();
  }

  const waitFor = (item: Held | undefined) =>
    new Promise<void>((resolve) => {
      waiting.set(item, [...(waiting.get(item) ?? []), resolve]);
    });

  function notice(gap: number): void {
    logger.warn(
      { event: 'agent.clock_jumped', seconds: Math.round(gap / 1000) },
      'the clock was set, or this machine slept: everything is fetched anew',
    );
    gate.reopen();
    if (gap < 0) setBack(-gap);
    for (const item of held()) {
      item.due = now();
      // Nothing lives longer than before because a clock was set back.
      if (gap < 0 && item.grant) item.grant = { ...item.grant, expiresAt: item.grant.expiresAt + gap };
    }
  }

  const self: Keeper = {
    gate,

    want(all) {
      const next = all.map((wanted) => {
        const known = find(wanted);
        return known && isSame(known, wanted) ? known : begun(wanted, now());
      });
      items = Map.groupBy(next, ({ connection }) => connection);
      self.turn();
    },

    turn() {
      const time = now();
      const gap = time - lastTurn;
      lastTurn = time;
      if (Math.abs(gap) > clockToleranceMs) notice(gap);
      for (const pair of items.values())
        for (const item of pair) {
          if (item.due > time || item.waits) continue;
          item.waits = true;
          queue.push(item);
        }
      pump();
    },

    async get(connection, kind, purpose) {
      const item = find({ connection, kind });
      if (!item || (purpose !== undefined && purpose !== item.purpose)) throw new SojournError('not_found');
      if (!isLive(item, now)) {
        self.turn();
        if (item.waits && gate.room() > 0) await within(patienceMs, waitFor(item));
      }
      if (item.grant && isLive(item, now)) return item.grant;
      throw notReady(item, gate);
    },

    async settled() {
      if (calls > 0 || (queue.length > 0 && gate.room() > 0)) await waitFor(undefined);
    },

    held,
  };
  return self;
}

const isSame = (one: Wanted, other: Wanted): boolean =>
  one.leastSeconds === other.leastSeconds && one.purpose === other.purpose;

/** Field by field: what is spread into an object takes half as much again. */
const begun = ({ connection, kind, leastSeconds, purpose }: Wanted, time: number): Held => ({
  connection,
  kind,
  leastSeconds,
  purpose,
  grant: undefined,
  due: time,
  waits: false,
  failures: 0,
  refreshedAt: undefined,
  trouble: undefined,
});

const about = ({ connection, kind }: Wanted, event: string) => ({ event, connection, kind });

async function within(milliseconds: number, work: Promise<void>): Promise<void> {
  const ending = new AbortController();
  await Promise.race([work, sleep(milliseconds, ending.signal).catch(() => undefined)]);
  ending.abort();
}

function notReady({ connection, kind, trouble }: Held, gate: Gate): SojournError {
  const { sentence, advice } = trouble ?? gate.trouble ?? onTheWay;
  return new SojournError('agent_not_ready', {
    detail: `The agent has no ${kind === 'token' ? 'token' : 'credentials'} for ${connection}. ${sentence}`,
    advice,
  });
}

const onTheWay = {
  sentence: 'The server has not answered yet, and the agent goes on asking.',
  advice: 'Try again in a few seconds.',
};

function tooShort({ connection, leastSeconds }: Wanted, left: number): SojournError {
  const enough = Math.max(900, leastSeconds);
  return new SojournError('agent_token_ttl_too_short', {
    detail: `The tokens of ${connection} live ${Math.round(left)} seconds, and its file needs ${leastSeconds} or more: Azure's libraries keep what they have read for 5 minutes.`,
    advice: `Run: sojourn connection update ${connection} --token-ttl ${enough}`,
  });
}
