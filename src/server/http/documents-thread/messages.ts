/** Messages between the server and the thread of `listen.documents`. */
import type { ListenOptions } from '../server.ts';
import type { TlsPair } from '../tls.ts';

export interface ThreadSettings extends Pick<ListenOptions, 'host' | 'port' | 'tls' | 'caps'> {
  /** CIDRs. */
  readonly proxies: readonly string[];
  /** Ends of the paths of documents. */
  readonly documentPaths: readonly string[];
}

/** Equal requests, for the metrics. */
export interface ObservedRequests {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly seconds: number;
  readonly count: number;
}

/** A document that was sent to another thread: its body is no Buffer there. */
export interface SentDocument {
  readonly route: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export type ToThread =
  /** Documents that the thread must always have. */
  | { readonly type: 'documents'; readonly documents: readonly (readonly [path: string, SentDocument])[] }
  /** The answer to `find`; without a document if there is none, and with `failed` if that is not known. */
  | { readonly type: 'found'; readonly path: string; readonly found?: SentDocument; readonly failed?: true }
  | { readonly type: 'tls'; readonly tls: TlsPair }
  | { readonly type: 'drain' | 'close' };

export type FromThread =
  | { readonly type: 'listening'; readonly origin: string }
  | { readonly type: 'failed'; readonly detail: string; readonly advice: string }
  | { readonly type: 'find'; readonly path: string }
  | { readonly type: 'observed'; readonly requests: readonly ObservedRequests[] }
  | { readonly type: 'closed' };
