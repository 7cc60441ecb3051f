/**
 * What a scrape sees. Owns: the names and labels of the metrics, and their text. Does not own: measuring; compose hands
 * each room a function to tell what it did. A label never holds an id, a path or an address: its values are a short list.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

export interface HttpRequest {
  readonly listener: 'public' | 'admin';
  /** A pattern of the router, or `other`. */
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
}

export interface CloudVisit {
  readonly cloud: string;
  /** `ok`, or the code of the refusal. */
  readonly outcome: string;
  readonly seconds: number;
}

export interface KeyGauges {
  /** Next keys whose turn has come and that verifiers would not find yet. */
  readonly waiting: number;
  /** Time since the store was last seen, in seconds. */
  readonly unseenSeconds: number;
}

export interface CopyGauges {
  /** Buckets into which the last try to publish failed. */
  readonly unpublished: number;
  /** Copies that say something else than this server. */
  readonly differing: number;
}

export interface Metrics {
  request(request: HttpRequest): void;
  exchange(visit: CloudVisit): void;
  /** Asked at each scrape. */
  watchKeys(look: () => KeyGauges): void;
  /** Told of each try to publish, by `ok` or the code of the refusal. */
  publication(outcome: string): void;
  /** Told of each try to tell a webhook: heard, unheard, refused. */
  webhook(outcome: string): void;
  /** Asked at each scrape. */
  watchCopies(look: () => CopyGauges): void;
  /** Asked at each scrape; undefined where no credentials are in use. */
  watchOutage(look: () => Promise<number | undefined>): void;
  /** The Prometheus text format, version 0.0.4. */
  text(): Promise<string>;
}

/** From the 50 ms in which the documents must answer, down to one signature and up to the deadline of an exchange. */
const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
/** A visit to a cloud takes tens of milliseconds at best and is given up after five seconds. */
const visitBuckets = [0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 5];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: 'sojourn_http_requests_total',
    help: 'HTTP requests answered.',
    labelNames: ['listener', 'route', 'method', 'status'],
    registers,
  });
  const requestSeconds = new Histogram({
    name: 'sojourn_http_request_duration_seconds',
    help: 'Time from the headers of a request to its answer.',
    labelNames: ['listener', 'route', 'method'],
    buckets: requestBuckets,
    registers,
  });
  const exchanges = new Counter({
    name: 'sojourn_exchanges_total',
    help: 'Visits to a cloud to trade a token, by what came of them.',
    labelNames: ['cloud', 'outcome'],
    registers,
  });
  const exchangeSeconds = new Histogram({
    name: 'sojourn_exchange_duration_seconds',
    help: 'Time of a visit to a cloud, further tries included.',
    labelNames: ['cloud'],
    buckets: visitBuckets,
    registers,
  });

  const publications = new Counter({
    name: 'sojourn_mirror_publish_attempts_total',
    help: 'Tries to put documents into a bucket, by what came of them.',
    labelNames: ['outcome'],
    registers,
  });

  const webhooks = new Counter({
    name: 'sojourn_webhook_delivery_attempts_total',
    help: 'Tries to tell a webhook of an event, by what came of them.',
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

  return {
    request({ listener, route, method, status, seconds }) {
      requests.inc({ listener, route, method, status });
      requestSeconds.observe({ listener, route, method }, seconds);
    },
    exchange({ cloud, outcome, seconds }) {
      exchanges.inc({ cloud, outcome });
      exchangeSeconds.observe({ cloud }, seconds);
    },
    watchKeys(look) {
      gauge(
        'sojourn_keys_postponed',
        'Next keys that are held back since verifiers would not find them.',
        () => look().waiting,
      );
      gauge(
        'sojourn_key_ring_staleness_seconds',
        'Time since the key ring was last read from the store.',
        () => look().unseenSeconds,
      );
    },
    publication(outcome) {
      publications.inc({ outcome });
    },
    webhook(outcome) {
      webhooks.inc({ outcome });
    },
    watchCopies(look) {
      gauge(
        'sojourn_mirrors_publish_failing',
        'Buckets into which the last try to publish failed.',
        () => look().unpublished,
      );
      gauge(
        'sojourn_mirrors_drifted',
        'Copies of the documents that differ from what is served.',
        () => look().differing,
      );
    },
    watchOutage(look) {
      new Gauge({
        name: 'sojourn_outage_budget_seconds',
        help: 'If the issuer stopped now: time until the first workload is without credentials.',
        registers,
        async collect() {
          // NaN is a gauge's word for "there is none"; a scrape must not fail for it.
          this.set((await look().catch(() => undefined)) ?? Number.NaN);
        },
      });
    },
    text: () => registry.metrics(),
  };
}
