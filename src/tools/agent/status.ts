/** How the agent is: for people, for the metrics, and the answer to how long it would last without the server. */
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { type Held, isLive } from './held.ts';
import type { Keeper } from './keeper.ts';

export interface ConnectionStatus {
  readonly id: string;
  readonly keeps: readonly string[];
  /** Whole minutes that everything kept for it would last if the server were gone from now on. */
  readonly outage_budget_minutes: number;
  /** RFC 3339; null where there was none yet. */
  readonly refreshed_at: string | null;
  readonly error: string | null;
}

export interface AgentStatus {
  readonly issuer: string;
  readonly started_at: string;
  readonly server: {
    readonly answers: boolean;
    readonly error: string | null;
    readonly retry_in_seconds: number;
  };
  readonly connections: readonly ConnectionStatus[];
}

export function statusOf(
  keeper: Pick<Keeper, 'gate' | 'held'>,
  { issuer, startedAt, now }: { issuer: string; startedAt: number; now: Now },
): AgentStatus {
  const { trouble } = keeper.gate;
  return {
    issuer,
    started_at: toTimestamp(startedAt),
    server: {
      answers: trouble === undefined,
      error: trouble ? `${trouble.sentence} ${trouble.advice}` : null,
      retry_in_seconds: trouble?.seconds ?? 0,
    },
    connections: [...Map.groupBy(keeper.held(), ({ connection }) => connection)].map(([id, items]) => {
      const refreshed = items.flatMap(({ refreshedAt }) => refreshedAt ?? []);
      const error = items.find(({ trouble: own }) => own)?.trouble;
      return {
        id,
        keeps: items.map(({ kind }) => kind),
        outage_budget_minutes: Math.floor(Math.min(...items.map((item) => secondsLeft(item, now))) / 60),
        refreshed_at: refreshed.length > 0 ? toTimestamp(Math.max(...refreshed)) : null,
        error: error ? `${error.sentence} ${error.advice}` : null,
      };
    }),
  };
}

/** For the metrics, in which no id stands. */
export function gaugesOf(keeper: Pick<Keeper, 'gate' | 'held'>, now: Now) {
  const left = keeper.held().map((item) => secondsLeft(item, now));
  return {
    ready: left.filter((seconds) => seconds > 0).length,
    empty: left.filter((seconds) => seconds === 0).length,
    leastSeconds: left.length > 0 ? Math.min(...left) : 0,
    serverAnswers: keeper.gate.trouble === undefined,
  };
}

const secondsLeft = (item: Readonly<Held>, now: Now): number =>
  item.grant && isLive(item, now) ? (item.grant.expiresAt - now()) / 1000 : 0;
