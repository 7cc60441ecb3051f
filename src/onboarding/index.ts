/**
 * The customer's side of a connection. Owns: the files that a customer applies, and finding out whether that worked.
 * Does not own: what stands in the files of a cloud (clouds) or how its door is entered (exchange).
 */
import type { Artefact, LeakAdvice, Linted, SetupFacts, UploadedKey } from '../clouds/index.ts';
import { type Connection, destinationOf } from '../connections/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { toTimestamp } from '../time/index.ts';
import { factsOf } from './facts.ts';
import { lintDocument } from './lint.ts';
import type { KeptReport, Verification, Verifier } from './verification/index.ts';

export { recordDrift } from './verification/drift.ts';
export {
  type Check,
  createVerifier,
  type KeptReport,
  type Report,
  type Verification,
  type Verifier,
} from './verification/index.ts';

export interface ArtefactOptions {
  /** Where what a file has made is reported, for files that can do that by themselves. */
  readonly callback?: string;
}

export interface Onboarding {
  /** What the customer's cloud is to trust: during a move, the new issuer. */
  facts(connection: Connection): Promise<SetupFacts>;
  /** For the issuer under which the connection is to be registered: during a move, the new one. */
  artefacts(connection: Connection, options?: ArtefactOptions): Promise<readonly Artefact[]>;
  /** Rejects with `artefact_not_found`. */
  artefact(connection: Connection, name: string, options?: ArtefactOptions): Promise<Artefact>;
  /** Judges a document that the customer has in its cloud, or is to have. Rejects with `invalid_request`. */
  lint(connection: Connection, document: string): Promise<Linted>;
  /** What its customer must do when a key of its issuer may have been in foreign hands until `at` (milliseconds). */
  afterLeak(connection: Connection, at: number): LeakAdvice;
  /** Tries the connection, and whether it lets in strangers, and keeps what came of it as its state and report. */
  verify(connection: Connection, actor: string): Promise<Verification>;
  /** The latest report of a verification, and the same signed. Rejects with `report_not_found`. */
  report(connection: string): Promise<KeptReport>;
}

export function createOnboarding(options: {
  vendor: string;
  tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  verifier: Pick<Verifier, 'verify' | 'report'>;
  /** What must be uploaded for the connection, in the order of need. */
  keysFor: (connection: Connection) => Promise<readonly UploadedKey[]>;
}): Onboarding {
  const { vendor, tenants, verifier, keysFor } = options;

  /** The connection as it is to be: other than it is only while its tenant moves to another issuer. */
  const asWanted = async (connection: Connection): Promise<Connection> => ({
    ...connection,
    issuer: tenants.issuerOf(await tenants.get(connection.tenant)),
  });

  const artefacts: Onboarding['artefacts'] = async (connection) => {
    const destination = destinationOf(connection);
    const wanted = await asWanted(connection);
    const facts = factsOf(wanted, vendor);
    return destination.setup(destination.uploadsKeys ? { ...facts, jwks: await keysFor(wanted) } : facts);
  };

  return {
    facts: async (connection) => factsOf(await asWanted(connection), vendor),
    artefacts,

    async artefact(connection, name, options) {
      const found = (await artefacts(connection, options)).find((artefact) => artefact.name === name);
      if (!found) throw new SojournError('artefact_not_found');
      return found;
    },

    async lint(connection, document) {
      const wanted = await asWanted(connection);
      return lintDocument(wanted, factsOf(wanted, vendor), document);
    },

    afterLeak: (connection, at) =>
      destinationOf(connection).afterLeak({ ...factsOf(connection, vendor), at: toTimestamp(at) }),

    verify: verifier.verify,
    report: verifier.report,
  };
}
