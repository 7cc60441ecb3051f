/**
 * The customer's side of a connection. Owns: the files that a customer applies, and finding out whether that worked.
 * Does not own: what stands in the files of a cloud (clouds) or how its door is entered (exchange).
 */

import { type Connection, destinationOf, setupFactsOf } from '../../access/connections/index.ts';
import type { LeakAdvice, Linted, SetupFacts } from '../../clouds/index.ts';
import { toTimestamp } from '../../platform/time/index.ts';
import type { KeptReport, Verification, Verifier } from '../verification/index.ts';
import { type Artefacts, type ArtefactsOptions, asWanted, createArtefacts } from './artefacts.ts';
import { lintDocument } from './lint.ts';

export type { SetupRequest } from './request.ts';

export interface Onboarding extends Artefacts {
  /** What the customer's cloud is to trust: during a move, the new issuer. */
  facts(connection: Connection): Promise<SetupFacts>;
  /** Judges a document that the customer has in its cloud, or is to have. Rejects with `invalid_request`. */
  lint(connection: Connection, document: string): Promise<Linted>;
  /** What its customer must do when a key of its issuer may have been in foreign hands until `at` (milliseconds). */
  afterLeak(connection: Connection, at: number): LeakAdvice;
  /** Tries the connection, and whether it lets in strangers, and keeps what came of it as its state and report. */
  verify(connection: Connection, actor: string): Promise<Verification>;
  /** The latest report of a verification, and the same signed. Rejects with `verification_not_found`. */
  report(connection: string): Promise<KeptReport>;
}

export function createOnboarding(
  options: ArtefactsOptions & { readonly verifier: Pick<Verifier, 'verify' | 'report'> },
): Onboarding {
  const { vendor, tenants, verifier } = options;
  return {
    ...createArtefacts(options),

    facts: async (connection) => setupFactsOf(await asWanted(connection, tenants), vendor),

    async lint(connection, document) {
      const wanted = await asWanted(connection, tenants);
      return lintDocument(wanted, setupFactsOf(wanted, vendor), document);
    },

    afterLeak: (connection, at) =>
      destinationOf(connection).leakAdvice({
        ...setupFactsOf(connection, vendor),
        compromisedBefore: toTimestamp(at),
      }),

    verify: verifier.verify,
    report: verifier.report,
  };
}
