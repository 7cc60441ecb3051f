/** What a scrape of the agent sees. As everywhere: no label holds an id. */
import { createRequire } from 'node:module';
import type * as Prometheus from 'prom-client';

const load = createRequire(import.meta.url);
// One by one: the whole of it brings quantiles and the metrics of a process, which take eight megabytes.
const Registry = load('prom-client/lib/registry.js') as typeof Prometheus.Registry;
const Counter = load('prom-client/lib/counter.js') as typeof Prometheus.Counter;
const Gauge = load('prom-client/lib/gauge.js') as typeof Prometheus.Gauge;

export interface AgentGauges {
  /** Grants that can be handed out, and those that are wanted and missing. */
  readonly ready: number;
  readonly empty: number;
  /** How long the one that ends first would last, in seconds. */
  readonly leastSeconds: number;
  readonly serverAnswers: boolean;
}

export interface AgentMetrics {
  /** Told of each call to the server: `ok`, or the code of the refusal. */
  refreshed(outcome: string): void;
  /** Told of each caller that was turned away, and why. */
  refused(reason: string): void;
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
}

/** @param look asked at each scrape */
export function createAgentMetrics(look: () => AgentGauges): AgentMetrics {
  const registry = new Registry();
  const registers = [registry];
  const counter = (name: string, help: string, label: string) =>
    new Counter({ name, help, labelNames: [label], registers });
  const refreshes = counter('sojourn_agent_refreshes_total', 'Calls to the server, by outcome.', 'outcome');
  const refusals = counter(
    'sojourn_agent_requests_refused_total',
    'Callers that were turned away, by reason.',
    'reason',
  );
  const gauge = (name: string, help: string, value: (seen: AgentGauges) => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value(look()));
      },
    });
  gauge('sojourn_agent_ready', 'Tokens and credentials that can be handed out.', ({ ready }) => ready);
  gauge('sojourn_agent_empty', 'Tokens and credentials that are wanted and missing.', ({ empty }) => empty);
  gauge(
    'sojourn_agent_outage_budget_seconds',
    'How long the one that ends first would last.',
    ({ leastSeconds }) => leastSeconds,
  );
  gauge('sojourn_agent_server_available', '1 while the server answers.', ({ serverAnswers }) =>
    Number(serverAnswers),
  );
  return {
    refreshed: (outcome) => refreshes.inc({ outcome }),
    refused: (reason) => refusals.inc({ reason }),
    text: () => registry.metrics(),
  };
}
