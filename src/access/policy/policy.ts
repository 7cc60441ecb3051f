/** Loads the stored policy, decides, and turns a refusal into an error and audit violations into audit lines. */

import type { Audit, RequestContext } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Now } from '../../platform/time/index.ts';
import type { ApprovalStatus, Approvals } from '../approvals/index.ts';
import type { Client } from '../clients/index.ts';
import type { Connection, Connections } from '../connections/index.ts';
import type { Claims } from '../federation/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { type WorkloadClaims, workloadClaimsOf } from './claims.ts';
import { type Decision, decide, decisionReasons, type Question } from './decide.ts';
import { createStoredPolicy, type PolicyDocument, type PolicyInput } from './document.ts';
import { refusalOf } from './refusal.ts';

/** A client's request to use a connection. */
export interface AccessRequest extends Pick<Question, 'purpose'> {
  readonly client: Client;
  /** The connection id as the caller sent it; it may not exist. */
  readonly connection: string;
  /** Workload claims carried in an API token. */
  readonly claims?: WorkloadClaims;
  /** At /token instead: all claims of the external token with which the client signed in. */
  readonly signInClaims?: Claims | undefined;
  readonly context: RequestContext;
  /** The same request was authorized before: its violations of guards are in the audit already. */
  readonly isRepeated?: boolean;
}

export interface AuthorizedUse {
  readonly connection: Connection;
  /** The allowed purpose; null for unrestricted use. */
  readonly purpose: string | null;
  /** When the approval expires, in milliseconds since the epoch; undefined if the connection needs none. */
  readonly notAfter: number | undefined;
}

/** A question of an administrator; `at` in milliseconds since the epoch, by default now. */
export interface AccessQuestion extends Omit<Question, 'at' | 'client' | 'connection'> {
  readonly client: Client;
  readonly connection: Connection;
  readonly at?: number;
}

/** `approval_required`: the policy allows the use, but no grant is active, whatever the state of the approval. */
export const explanationReasons = [...decisionReasons, 'approval_required'] as const;

export interface AccessExplanation extends Omit<Decision, 'reason'> {
  readonly reason: (typeof explanationReasons)[number];
  /** Null if the connection needs no approval. */
  readonly approval: ApprovalStatus | null;
}

export interface Policy {
  /**
   * Resolves if the client may use the connection as requested. Rejects with `connection_not_found` if the connection
   * does not exist, no rule of the client selects it, a condition is not met, a guard refuses or the client is disabled, so that a client cannot learn of
   * connections that it may not use. Rejects with `approval_…`, `connection_disabled`, `connection_paused`,
   * `purpose_required` or `purpose_not_found` if the client may use the connection otherwise. The error's cause has the
   * exact reason.
   */
  authorize(request: AccessRequest): Promise<AuthorizedUse>;
  /** For administrators: gives the same decision as `authorize`, but does not request an approval. */
  explain(question: AccessQuestion): Promise<AccessExplanation>;
  /** The claims of an external token on which the client's rules and the guards depend. */
  workloadClaims(client: Client, claims: Claims | undefined): Promise<WorkloadClaims>;
  document(): Promise<PolicyDocument>;
  /** Rejects with `invalid_request` or `version_conflict`. */
  replace(input: PolicyInput): Promise<PolicyDocument>;
}

export function createPolicy(options: {
  store: Store;
  connections: Connections;
  tenants: Tenants;
  approvals: Pick<Approvals, 'check' | 'status'>;
  audit: Audit;
  now: Now;
}): Policy {
  const { connections, approvals, audit, now } = options;
  const stored = createStoredPolicy(options);

  return {
    async authorize({
      connection: id,
      claims: carriedClaims,
      signInClaims,
      context,
      isRepeated = false,
      ...request
    }) {
      const connection = await connections.find(id);
      if (!connection) throw new SojournError('connection_not_found');
      const { client } = request;
      const { guards } = await stored.current();
      const claims =
        carriedClaims ?? (signInClaims ? workloadClaimsOf(client.may_use, guards, signInClaims) : {});
      const question = { ...request, connection, claims, at: now() };
      const decision = decide(guards, question);
      const { purpose, audit_violations } = decision;
      if (!decision.allowed) {
        const { purpose: requestedPurpose, ...withoutPurpose } = question;
        throw refusalOf(decision, connection, requestedPurpose, decide(guards, withoutPurpose));
      }
      const undeclared = await connections.undeclared(connection);
      if (undeclared) {
        const { detail, advice } = undeclared;
        throw new SojournError('principal_undeclared', { detail, advice });
      }
      for (const guard of isRepeated ? [] : audit_violations)
        await audit.record({
          event: 'guard.violated',
          outcome: 'ok',
          actor: client.client_id,
          client: client.client_id,
          ...context,
          connection: connection.id,
          tenant: connection.tenant,
          facts: { guard, ...(purpose === null ? {} : { purpose }) },
        });
      if (connection.approval !== 'required') return { connection, purpose, notAfter: undefined };
      return { connection, purpose, notAfter: await approvals.check(client, connection, context) };
    },

    async explain({ at = now(), ...question }) {
      const { guards } = await stored.current();
      const decision = decide(guards, { ...question, at });
      const approval = (await approvals.status(question.client.client_id, question.connection, at)) ?? null;
      const needsGrant = decision.allowed && approval !== null && approval.state !== 'granted';
      return {
        ...decision,
        ...(needsGrant ? { allowed: false, reason: 'approval_required' } : {}),
        approval,
      };
    },

    async workloadClaims(client, claims) {
      if (claims === undefined) return {};
      return workloadClaimsOf(client.may_use, (await stored.current()).guards, claims);
    },

    document: () => stored.current(),
    replace: (input) => stored.replace(input),
  };
}
