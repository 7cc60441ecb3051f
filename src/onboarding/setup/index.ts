/**
 * Set-up of a connection at the customer's side. Owns: which set-up files a connection has and their options, and the lint
 * of a customer's documents. Passes calls for verifications to verification. Does not own: the content of a cloud's files
 * (clouds), or what a verification checks (verification).
 */

import { type Connection, type ResolvedConnection, setupFactsOf } from '../../access/connections/index.ts';
import {
  cloudOf,
  type GuardrailResult,
  type LeakAdvice,
  type LintResult,
  type SetupFacts,
} from '../../clouds/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { StoredVerification, Verification, Verifier } from '../verification/index.ts';
import type { DocumentChecks } from './checks/index.ts';
import { activatedConnections, establishedBefore } from './established.ts';
import {
  createSetupFiles,
  resolveUnderTenantIssuer,
  type SetupFiles,
  type SetupFilesOptions,
} from './files.ts';

export { createDocumentChecks, type DocumentChecks } from './checks/index.ts';
export type { SetupRequest } from './request.ts';

export interface Setup extends SetupFiles {
  /** What the customer's cloud has to trust. While the tenant moves, this names the new issuer. */
  facts(connection: Connection): Promise<SetupFacts>;
  /** Lints a trust document, before or after the customer applies it. Rejects with `invalid_request`. */
  lint(connection: Connection, document: string): Promise<LintResult>;
  /** Whether a rule of the customer's organization refuses the connection. Rejects with `invalid_request`. */
  lintGuardrail(connection: Connection, document: string): Promise<GuardrailResult>;
  /** What the customer must do if a key of the issuer may have been leaked until `at` (milliseconds since the epoch). */
  afterLeak(resolved: ResolvedConnection, at: number): LeakAdvice;
  /** Verifies the connection, with probes, and stores the result and the state. */
  verify(connection: Connection, actor: string): Promise<Verification>;
  /** The latest verification, plain and signed. Rejects with `verification_not_found`. */
  latestVerification(connection: string): Promise<StoredVerification>;
}

/** For a cloud without set-up. */
const unknownTrust: LeakAdvice = {
  trustedFor: 'Unknown. Ask the operator of the cloud how long it trusts a key that has left the JWKS.',
  steps: [],
};

export function createSetup(
  options: SetupFilesOptions & {
    readonly verifier: Pick<Verifier, 'verify' | 'latest'>;
    readonly checks: DocumentChecks;
  },
): Setup {
  const { vendor, tenants, verifier, checks } = options;
  const facts: Setup['facts'] = async (connection) => {
    const resolved = await resolveUnderTenantIssuer(connection, tenants);
    const activated = await activatedConnections(connection.tenant, options.connections);
    return {
      ...setupFactsOf(resolved, vendor),
      established: establishedBefore(resolved.connection, activated),
    };
  };
  return {
    ...createSetupFiles(options),
    facts,

    async lint(connection, document) {
      const resolved = await resolveUnderTenantIssuer(connection, tenants);
      // A provider of Google Cloud can have uploaded keys, which must be those of the issuer.
      const jwks = await options.keysFor(resolved.connection);
      return checks.lint(resolved.connection, { ...setupFactsOf(resolved, vendor), jwks }, document);
    },

    lintGuardrail: async (connection, document) =>
      checks.guardrail(connection, await facts(connection), document),

    afterLeak: (resolved, at) =>
      cloudOf(resolved.connection.cloud).setUp?.leakAdvice(resolved.connection.target, {
        ...setupFactsOf(resolved, vendor),
        compromisedBefore: toTimestamp(at),
      }) ?? unknownTrust,

    verify: verifier.verify,
    latestVerification: verifier.latest,
  };
}
