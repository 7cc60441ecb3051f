/** One request to /token, from its arrival to its answer: what the engine's hooks learn about it on the way. */

import type { Presented } from '../../access/certificates/index.ts';
import type { Client } from '../../access/clients/index.ts';
import type { Connection } from '../../access/connections/index.ts';
import type { GiveBack } from '../../access/federation/index.ts';
import type { WorkloadClaims } from '../../access/policy/index.ts';
import type { AuditEntry, RequestContext } from '../../platform/audit/index.ts';
import type { Proven } from './foreign.ts';
import type { Refusal } from './refusal.ts';

export interface Visit extends RequestContext {
  /** What was sent, empty parameters left out. */
  readonly parameters: ReadonlyMap<string, string>;
  /** The client that has proven itself by a token of its own issuer, before the engine was asked. */
  readonly proven?: Proven;
  /** Undoes that its token was used up, until something is issued for it. */
  giveBack?: GiveBack | undefined;
  /** The certificate that came with it. */
  readonly certificate?: () => Presented;
  /** About the proof, for the audit. */
  facts?: NonNullable<AuditEntry['facts']>;
  /** The client named, whether or not it has proven itself. */
  client?: Client;
  /** The connection that it may use. */
  connection?: Connection;
  /** The id of a connection that it asks for, whether or not there is one. */
  asked?: string;
  /** Whether it is counted as one of the client's. */
  counted?: boolean;
  /** What goes along into a token for our own API. */
  carried?: WorkloadClaims;
  /** The id of the secret by which the client has proven itself. */
  secret?: string | undefined;
  /** The key chosen to sign. */
  kid?: string;
  /** Why the engine refused. */
  refusal?: unknown;
  /** What it was told then. */
  refused?: Refusal;
}
