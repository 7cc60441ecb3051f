/** What the sandbox's frame gives to each cloud, and what it asks of it. */
import type { CloudName } from '../clouds/index.ts';

export interface SandboxRequest {
  readonly method: string;
  /** The path below the cloud's prefix, still percent-encoded: `/v1/token`, not `/gcp/v1/token`. */
  readonly path: string;
  /** The whole path and query as the client sent and signed it. */
  readonly rawUrl: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SandboxAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A key set or discovery document fetched from the issuer under test, or why there is none. */
export type Fetched<T> =
  | {
      readonly ok: true;
      readonly value: T /** The header as sent, empty without one. */;
      readonly cacheControl: string;
    }
  | { readonly ok: false; readonly reason: string };

/** What is common to the three clouds. */
export interface SandboxWorld {
  /** Milliseconds since the epoch, moved by `PUT /sandbox/clock`. */
  now(): number;
  /** Seconds that a change needs before the cloud acts on it, by `PUT /sandbox/faults`; below any number by default. */
  propagationSeconds(cloud: CloudName): number;
  /** One GET with a 5 s limit, no redirects, https (or http on loopback), at most 64 KB, JSON object or nothing. */
  fetchJson(url: string): Promise<Fetched<Record<string, unknown>>>;
  /** Adds to `GET /sandbox/log`: what was asked of the cloud, with no credential in it. */
  note(entry: {
    cloud: CloudName;
    operation: string;
    outcome: string;
    detail?: Record<string, unknown>;
  }): void;
  /** Where this sandbox is reached from outside, for URLs in answers: `http://127.0.0.1:PORT`. */
  readonly origin: string;
}

export interface SandboxCloud {
  readonly name: CloudName;
  handle(request: SandboxRequest): Promise<SandboxAnswer>;
  /** This cloud's own words for being out of order with that HTTP status, as `PUT /sandbox/faults` asks for. */
  outOfOrder(status: number, request: SandboxRequest): SandboxAnswer;
  /** Forgets every account, credential and cache. */
  reset(): void;
}
