/** The interface between the sandbox and each of its clouds. */
import type { Guardrails } from './guardrails.ts';

export interface SandboxRequest {
  readonly method: string;
  /** The path below the cloud's prefix, still percent-encoded: `/v1/token`, not `/gcp/v1/token`. */
  readonly path: string;
  /** The path and query as the client sent and signed them. */
  readonly rawUrl: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface SandboxResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A key set or discovery document of the issuer under test, or why it could not be fetched. */
export type Fetched<T> =
  | {
      readonly ok: true;
      readonly value: T /** The header as sent; empty if absent. */;
      readonly cacheControl: string;
    }
  | { readonly ok: false; readonly reason: string };

/** What all clouds share: clock, propagation, requests to issuers, and the log. */
export interface SandboxRuntime {
  /** Milliseconds since the epoch, changed by `PUT /sandbox/clock`. */
  now(): number;
  /** Seconds until the cloud acts on a change, set by `PUT /sandbox/faults`; negative infinity by default. */
  propagationSeconds(cloud: string): number;
  /**
   * One GET with a 5 s limit, no redirects, https (or http on loopback) and at most 64 KB; the body must be a JSON
   * object.
   */
  fetchJson(url: string): Promise<Fetched<Record<string, unknown>>>;
  /** Adds an entry to `GET /sandbox/log`: a request to the cloud, without credentials. */
  record(entry: {
    cloud: string;
    operation: string;
    outcome: string;
    detail?: Record<string, unknown>;
  }): void;
  /** The faults of a cloud, for one that answers on a port of its own. */
  faults(cloud: string): {
    readonly delay_ms: number;
    readonly status: number | null;
    readonly outage: boolean;
  };
  /** The external URL of this sandbox, for URLs in responses: `http://127.0.0.1:PORT`. */
  readonly origin: string;
}

export interface SandboxCloud {
  readonly name: string;
  handle(request: SandboxRequest): Promise<SandboxResponse>;
  /** The cloud's own response for a failure with this HTTP status, as set by `PUT /sandbox/faults`. */
  faultResponse(status: number, request: SandboxRequest): SandboxResponse;
  /** Undefined for a cloud whose guardrails the sandbox does not enforce. */
  readonly guardrails?: Guardrails;
  /** Deletes all accounts, credentials and caches. */
  reset(): void;
  /** Closes its own ports. */
  close?(): void;
}
