/** The metrics of the agent. No label contains an id, as in the server's metrics. */
import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';

const load = createRequire(import.meta.url);
// Loaded one by one: all of prom-client, with quantiles and process metrics, takes eight megabytes.
const Registry = load('prom-client/lib/registry.js') as typeof Prometheus.Registry;
const Counter = load('prom-client/lib/counter.js') as typeof Prometheus.Counter;
const Gauge = load('prom-client/lib/gauge.js') as typeof Prometheus.Gauge;

export interface AgentGauges {
  /** Number of cache entries with a usable value. */
  readonly ready: number;
  /** Number of cache entries without one. */
  readonly missing: number;
  /** Time until the first cached value expires. */
  readonly outageBudgetSeconds: number;
  readonly serverAvailable: boolean;
}

export interface AgentMetrics {
  /** Counts a request to the server: `ok`, or the error code. */
  recordRefresh(outcome: string): void;
  recordRefusal(reason: string): void;
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
}

/** @param readGauges called several times at each scrape */
export function createAgentMetrics(readGauges: () => AgentGauges): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name, help, labelNames: [label], registers });
  const refreshes = counter(
    'sojourn_agent_refreshes_total',
    'Requests to the server, by outcome.',
    'outcome',
  );
  const refusals = counter(
    'sojourn_agent_requests_refused_total',
    'Requests that the agent refused, by reason.',
    'reason',
  );
  const gauge = (name: string, help: string, read: (gauges: AgentGauges) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(read(readGauges()));
      },
    });
  new Gauge({
    name: 'sojourn_agent_cache_entries',
    help: 'Tokens and credentials, by state: ready or missing.',
    labelNames: ['state'],
    registers,
    collect() {
      const { ready, missing } = readGauges();
      this.set({ state: 'ready' }, ready);
      this.set({ state: 'missing' }, missing);
    },
  });
  gauge(
    'sojourn_agent_outage_budget_seconds',
    'Time until the first cached token or credentials expire if the server stopped now.',
    ({ outageBudgetSeconds }) => outageBudgetSeconds,
  );
  gauge(
    'sojourn_agent_server_available',
    '1 while the server answers and accepts the sign-in.',
    ({ serverAvailable }) => Number(serverAvailable),
  );
  return {
    recordRefresh: (outcome) => refreshes.inc({ outcome }),
    recordRefusal: (reason) => refusals.inc({ reason }),
    text: () => registry.metrics(),
  };
}
