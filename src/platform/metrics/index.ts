/**
 * Metrics. Owns: names, labels and the text format. Does not own: measuring; compose passes each module a function that
 * records its values. Labels have few values: never an id, a path or an address.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface HttpRequest {
  /** A route pattern, or `other`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

export interface CloudExchange {
  readonly cloud: string;
  /** `ok` or an error code. */
  readonly outcome: string;
  readonly seconds: number;
}

export interface KeyGauges {
  /** Next keys whose rotation is due, but which verifiers do not find yet. */
  readonly postponed: number;
  /** Time since the key ring was last read from the store, in seconds. */
  readonly stalenessSeconds: number;
}

export interface SealingGauges {
  /** How many audit lines are sealed. */
  readonly lines: number;
  /** The age of the oldest unsealed line; 0 if there is none. */
  readonly unsealedSeconds: number;
}

export interface MirrorGauges {
  /** Buckets whose last attempt to publish failed. */
  readonly publishFailing: number;
  /** Mirrors that differ from what this server serves. */
  readonly drifted: number;
}

export interface Metrics {
  requestsOf(listener: 'public' | 'admin' | 'documents'): (request: HttpRequest) => void;
  exchange(exchange: CloudExchange): void;
  /** `read` is called at each scrape. */
  watchKeys(read: () => KeyGauges): void;
  /** `read` is called at each scrape. */
  watchSealing(read: () => SealingGauges): void;
  /** Counts an attempt to publish; `outcome` is `ok` or an error code. */
  publishAttempt(outcome: string): void;
  /** Counts a delivery attempt; `outcome` is `delivered`, `failed` or `rejected`. */
  deliveryAttempt(outcome: string): void;
  /** `read` is called at each scrape. */
  watchMirrors(read: () => MirrorGauges): void;
  /** `read` is called at each scrape; undefined if no credentials are in use. */
  watchOutage(read: () => Promise<number | undefined>): void;
  /** `read` is called at each scrape; `tenant` is null for the whole server. */
  watchSuspensions(read: () => Promise<readonly { readonly tenant: string | null }[]>): void;
  /** `read` is called at each scrape. */
  watchSpool(read: () => number): void;
  /** `read` is called at each scrape. */
  watchLog(read: () => number): void;
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
}

/** In seconds: from one signature (1 ms), over the limit for issuer documents (50 ms), to the exchange deadline (5 s). */
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** In seconds: an exchange takes tens of milliseconds at best and times out after 5 s. */
const exchangeBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'sojourn_http_requests_total',
    help: 'HTTP requests.',
    labelNames: ['listener', 'route', 'method', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'sojourn_http_request_duration_seconds',
    help: 'Time from the request headers to the end of the response.',
    labelNames: ['listener', 'route', 'method'],
    buckets: requestBuckets,
    registers,
  });
  const exchanges = new Counter({
    name: 'sojourn_exchanges_total',
    help: 'Exchanges of a token for credentials at a cloud, by outcome.',
    labelNames: ['cloud', 'outcome'],
    registers,
  });
  const exchangeSeconds = new Histogram({
    name: 'sojourn_exchange_duration_seconds',
    help: 'Duration of an exchange at a cloud, including retries.',
    labelNames: ['cloud'],
    buckets: exchangeBuckets,
    registers,
  });

  const publications = new Counter({
    name: 'sojourn_mirror_publish_attempts_total',
    help: 'Attempts to publish a mirror to a bucket, by outcome.',
    labelNames: ['outcome'],
    registers,
  });

  const webhooks = new Counter({
    name: 'sojourn_webhook_delivery_attempts_total',
    help: 'Webhook delivery attempts, by outcome.',
    labelNames: ['outcome'],
    registers,
  });

  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });

  /** NaN means that there is no value; an error must not fail the scrape. */
  const storedGauge = (name: string, help: string, read: () => Promise<number | undefined>) =>
    new Gauge({
      name,
      help,
      registers,
      async collect() {
        this.set((await read().catch(() => undefined)) ?? Number.NaN);
      },
    });

  return {
    requestsOf:
      (listener) =>
      ({ route, method, status, seconds }) => {
        requests.inc({ listener, route, method, status });
        requestSeconds.observe({ listener, route, method }, seconds);
      },
    exchange({ cloud, outcome, seconds }) {
      exchanges.inc({ cloud, outcome });
      exchangeSeconds.observe({ cloud }, seconds);
    },
    watchKeys(read) {
      gauge(
        'sojourn_keys_postponed',
        'Next keys that do not sign yet because verifiers would not find them.',
        () => read().postponed,
      );
      gauge(
        'sojourn_key_ring_staleness_seconds',
        'Time since the key ring was last read from the store.',
        () => read().stalenessSeconds,
      );
    },
    watchSealing(read) {
      gauge('sojourn_audit_sealed_lines', 'Audit lines that a checkpoint covers.', () => read().lines);
      gauge(
        'sojourn_audit_unsealed_seconds',
        'Age of the oldest audit line that no checkpoint covers; 0 if there is none.',
        () => read().unsealedSeconds,
      );
    },
    publishAttempt(outcome) {
      publications.inc({ outcome });
    },
    deliveryAttempt(outcome) {
      webhooks.inc({ outcome });
    },
    watchMirrors(read) {
      gauge(
        'sojourn_mirrors_publish_failing',
        'Mirrors whose last attempt to publish failed.',
        () => read().publishFailing,
      );
      gauge(
        'sojourn_mirrors_drifted',
        'Mirrors that differ from the documents that the server serves.',
        () => read().drifted,
      );
    },
    watchSpool(read) {
      gauge(
        'sojourn_audit_entries_spooled',
        'Audit entries that wait on the local disk for the store.',
        read,
      );
    },
    watchLog(read) {
      gauge('sojourn_log_lines_dropped', 'Log lines that standard output did not take.', read);
    },
    watchOutage(read) {
      storedGauge(
        'sojourn_outage_budget_seconds',
        'Time until the first workload would be without credentials if the server stopped now; NaN if none are in use.',
        read,
      );
    },
    watchSuspensions(read) {
      storedGauge(
        'sojourn_issuing_suspended',
        'Whether issuing is suspended for the whole server: 1 or 0.',
        async () => (await read()).filter(({ tenant }) => tenant === null).length,
      );
      storedGauge(
        'sojourn_tenants_suspended',
        'Tenants for which issuing is suspended.',
        async () => (await read()).filter(({ tenant }) => tenant !== null).length,
      );
    },
    text: () => registry.metrics(),
  };
}
