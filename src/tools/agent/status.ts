/** The status of the agent, for people and for metrics, with its outage budget. */
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import { type CacheEntry, isUsable } from './cache-entry.ts';
import type { AgentGauges } from './metrics.ts';
import type { Refresher } from './refresher.ts';

export interface ConnectionStatus {
  readonly id: string;
  /** `credentials`, `token` or both. */
  readonly serves: readonly string[];
  /** Whole minutes until the first cached value of the connection expires if the server stopped now. */
  readonly outage_budget_minutes: number;
  /** RFC 3339; null before the first refresh. */
  readonly refreshed_at: string | null;
  readonly error: string | null;
}

export interface AgentStatus {
  readonly issuer: string;
  readonly started_at: string;
  readonly server: {
    readonly available: boolean;
    readonly error: string | null;
    readonly retry_in_seconds: number;
  };
  readonly connections: readonly ConnectionStatus[];
}

export function statusOf(
  refresher: Pick<Refresher, 'breaker' | 'entries'>,
  { issuer, startedAt, now }: { issuer: string; startedAt: number; now: Now },
): AgentStatus {
  const { failure } = refresher.breaker;
  return {
    issuer,
    started_at: toTimestamp(startedAt),
    server: {
      available: failure === undefined,
      error: failure ? `${failure.detail} ${failure.advice}` : null,
      retry_in_seconds: failure?.retryInSeconds ?? 0,
    },
    connections: [...Map.groupBy(refresher.entries(), ({ connection }) => connection)].map(
      ([id, entries]) => {
        const refreshTimes = entries.flatMap(({ refreshedAt }) => refreshedAt ?? []);
        const error = entries.find((entry) => entry.failure)?.failure;
        return {
          id,
          serves: entries.map(({ type }) => type),
          outage_budget_minutes: Math.floor(
            Math.min(...entries.map((entry) => remainingSeconds(entry, now))) / 60,
          ),
          refreshed_at: refreshTimes.length > 0 ? toTimestamp(Math.max(...refreshTimes)) : null,
          error: error ? `${error.detail} ${error.advice}` : null,
        };
      },
    ),
  };
}

export function gaugesOf(refresher: Pick<Refresher, 'breaker' | 'entries'>, now: Now): AgentGauges {
  const remaining = refresher.entries().map((entry) => remainingSeconds(entry, now));
  return {
    ready: remaining.filter((seconds) => seconds > 0).length,
    missing: remaining.filter((seconds) => seconds === 0).length,
    outageBudgetSeconds: remaining.length > 0 ? Math.min(...remaining) : 0,
    serverAvailable: refresher.breaker.failure === undefined,
  };
}

const remainingSeconds = (entry: Readonly<CacheEntry>, now: Now): number =>
  entry.value && isUsable(entry, now) ? (entry.value.expiresAt - now()) / 1000 : 0;
