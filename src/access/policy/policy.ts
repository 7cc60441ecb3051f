/** Policy at work: the decision on what is in the store at this moment, and what callers and the audit get to see of it. */

import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { Approvals, Standing } from '../approvals/index.ts';
import type { Client } from '../clients/index.ts';
import type { Connection, Connections } from '../connections/index.ts';
import type { Claims } from '../federation/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { type CarriedClaims, carriedClaims } from './claims.ts';
import { type Decision, decide, type Question } from './decide.ts';
import { keptDocument, type PolicyDocument } from './document.ts';
import { refusalOf } from './refusal.ts';

/** Who asks, for what. */
export interface Wish extends Pick<Question, 'purpose'> {
  readonly client: Client;
  /** What was sent in the place of a connection's id. */
  readonly connection: string;
  /** Of the token by which it has signed in: those that went along into a token for /v1. */
  readonly claims?: CarriedClaims;
  /** Or else, while that token is at hand, all of them. */
  readonly signedInBy?: Claims | undefined;
  readonly by: RequestContext;
}

export interface Admission {
  readonly connection: Connection;
  /** For what it may be used; null for everything. */
  readonly purpose: string | null;
  /** When the grant to use it ends, in milliseconds; undefined where it needs none. */
  readonly until: number | undefined;
}

/** What somebody wants to know of a client; `at` in milliseconds, now without it. */
export interface Inquiry extends Omit<Question, 'at' | 'client' | 'connection'> {
  readonly client: Client;
  readonly connection: Connection;
  readonly at?: number;
}

export interface Explanation extends Omit<Decision, 'because'> {
  /** `approval_required`: the policy admits, and a second person has not granted it, whatever the request's state. */
  readonly because: Decision['because'] | 'approval_required';
  /** Null where the connection wants no approval. */
  readonly approval: Standing | null;
}

export interface Policy {
  /**
   * The connection, if the client may use it so. Rejects with `connection_not_found` where it is not there, where it is
   * not the client's, and where a condition does not hold: what is not yours now is not there. Who may use it otherwise
   * is told `approval_…`, `connection_disabled`, `connection_paused`, `purpose_required` or `purpose_not_found`. The cause holds the true reason.
   */
  admit(wish: Wish): Promise<Admission>;
  /** For people who ask why; says no exactly where a client would hear no, and asks for no approval. */
  explain(question: Inquiry): Promise<Explanation>;
  /** What of a foreign token's claims the client's rules and the guards depend on. */
  carried(client: Client, claims: Claims | undefined): Promise<CarriedClaims>;
  document(): Promise<PolicyDocument>;
  /** Rejects with `invalid_request` or `version_conflict`. */
  replace(input: unknown): Promise<PolicyDocument>;
}

export function createPolicy(options: {
  store: Store;
  connections: Connections;
  tenants: Tenants;
  approvals: Pick<Approvals, 'check' | 'look'>;
  audit: Audit;
  now: Now;
}): Policy {
  const { connections, approvals, audit, now } = options;
  const kept = keptDocument(options);

  return {
    async admit({ connection: id, claims: carried, signedInBy, by, ...asked }) {
      const connection = await connections.find(id);
      if (!connection) throw new SojournError('connection_not_found');
      const { guards } = await kept.current();
      const claims = carried ?? carriedClaims(asked.client.may_use, guards, signedInBy);
      const question = { ...asked, connection, claims, at: now() };
      const decision = decide(guards, question);
      const { purpose, watching } = decision;
      if (!decision.allowed) {
        const { purpose: named, ...openly } = question;
        throw refusalOf(decision, connection, named, decide(guards, openly));
      }
      for (const guard of watching)
        await audit.record({
          event: 'guard.violated',
          outcome: 'ok',
          actor: asked.client.client_id,
          client: asked.client.client_id,
          ...by,
          connection: connection.id,
          tenant: connection.tenant,
          facts: { guard, ...(purpose === null ? {} : { purpose }) },
        });
      const until = await approvals.check(asked.client, connection, by);
      return { connection, purpose, until };
    },

    async explain({ at = now(), ...asked }) {
      const { guards } = await kept.current();
      const decision = decide(guards, { ...asked, at });
      const approval = (await approvals.look(asked.client.client_id, asked.connection, at)) ?? null;
      const waits = decision.allowed && approval !== null && approval.state !== 'granted';
      return { ...decision, ...(waits ? { allowed: false, because: 'approval_required' } : {}), approval };
    },

    async carried(client, claims) {
      if (claims === undefined) return {};
      return carriedClaims(client.may_use, (await kept.current()).guards, claims);
    },

    document: () => kept.current(),
    replace: (input) => kept.replace(input),
  };
}
