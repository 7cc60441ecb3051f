/** A request to /token: what was sent, and what is known of it so far. */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { Presented } from '../../access/certificates/index.ts';
import type { Client, StoredSecret } from '../../access/clients/index.ts';
import type { Connection } from '../../access/connections/index.ts';
import type { Claims, ConsumeToken } from '../../access/federation/index.ts';
import type { AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import type { ExternalToken } from './external.ts';

/** What was sent. Nothing in it changes. */
export interface TokenRequest {
  readonly context: RequestContext;
  /** By name; empty ones are absent (RFC 6749 section 3.2). */
  readonly parameters: ReadonlyMap<string, string>;
  /** The client certificate of the connection. */
  readonly certificate: () => Presented;
  /** The token of another issuer that the client presents, if it presents one. */
  readonly external?: ExternalToken;
}

/** How the client has authenticated. */
export type Proof =
  | { readonly method: 'secret'; readonly secret: StoredSecret }
  /** `consume` marks the token as used. */
  | { readonly method: 'external'; readonly claims: Claims; readonly consume: ConsumeToken };

/** What is known of a request so far. The hooks fill it in; the audit reads it, whether a token is issued or not. */
export interface Progress {
  readonly request: TokenRequest;
  /** The client that the request names. It has authenticated once the grant runs. */
  client?: Client | undefined;
  /** Absent for methods that the engine proves alone. */
  proof?: Proof;
  /** About the authentication, for the audit. */
  facts?: NonNullable<AuditEntry['facts']>;
  /** The id of the connection that is requested. */
  requested?: string;
  /** The connection, once the policy has allowed its use. */
  connection?: Connection;
  /** Why the engine refuses the request. */
  error?: unknown;
}

/** Of the request that oidc-provider serves: it does not pass its context to all hooks. */
export const currentProgress = new AsyncLocalStorage<Progress>();
