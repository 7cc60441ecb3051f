/**
 * The customer's side of a connection. Owns: the files that a customer applies, and finding out whether that worked.
 * Does not own: what stands in the files of a cloud (clouds) or how its door is entered (exchange).
 */
import {
  type Artefact,
  clouds,
  type LeakAdvice,
  type SetupFacts,
  type UploadedKey,
} from '../clouds/index.ts';
import {
  type Connection,
  type Connections,
  destinationOf,
  subjectOf,
  type Verdict,
} from '../connections/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Exchange } from '../exchange/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { toTimestamp } from '../time/index.ts';

export interface Check {
  readonly name: string;
  readonly outcome: 'passed' | 'failed' | 'skipped';
  readonly detail: string;
  readonly advice: string | null;
}

export interface Verification {
  readonly verdict: Exclude<Verdict, 'pending'>;
  readonly checks: readonly Check[];
}

export interface Onboarding {
  /** For the issuer under which the connection is to be registered: during a move, the new one. */
  artefacts(connection: Connection): Promise<readonly Artefact[]>;
  /** Rejects with `artefact_not_found`. */
  artefact(connection: Connection, name: string): Promise<Artefact>;
  /** What its customer must do when a key of its issuer may have been in foreign hands until `at` (milliseconds). */
  afterLeak(connection: Connection, at: number): LeakAdvice;
  /** Makes a real exchange and keeps what came of it as the state of the connection. */
  verify(connection: Connection, actor: string): Promise<Verification>;
}

export function createOnboarding(options: {
  vendor: string;
  connections: Connections;
  tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  exchange: Exchange;
  /** What must be uploaded for the connection, in the order of need. */
  keysFor: (connection: Connection) => Promise<readonly UploadedKey[]>;
}): Onboarding {
  const { vendor, connections, tenants, exchange, keysFor } = options;

  const factsOf = (connection: Connection): SetupFacts => ({
    issuer: connection.issuer,
    subject: subjectOf(connection),
    audience: destinationOf(connection).audience,
    connection: { id: connection.id, name: connection.name },
    vendor,
  });

  /** The connection as it is to be: other than it is only while its tenant moves to another issuer. */
  const asWanted = async (connection: Connection): Promise<Connection> => ({
    ...connection,
    issuer: tenants.issuerOf(await tenants.get(connection.tenant)),
  });

  const artefacts = async (connection: Connection): Promise<readonly Artefact[]> => {
    const destination = destinationOf(connection);
    const wanted = await asWanted(connection);
    const facts = factsOf(wanted);
    return destination.setup(destination.uploadsKeys ? { ...facts, jwks: await keysFor(wanted) } : facts);
  };

  return {
    artefacts,

    async artefact(connection, name) {
      const found = (await artefacts(connection)).find((artefact) => artefact.name === name);
      if (!found) throw new SojournError('artefact_not_found');
      return found;
    },

    afterLeak: (connection, at) =>
      destinationOf(connection).afterLeak({ ...factsOf(connection), at: toTimestamp(at) }),

    async verify(connection, actor) {
      const wanted = await asWanted(connection);
      const checks = await tryOut(wanted, exchange, actor);
      const verdict = checks.every((check) => check.outcome === 'passed') ? 'active' : 'failing';
      if (wanted.issuer === connection.issuer) await connections.setVerdict(connection.id, verdict);
      else if (verdict === 'active') {
        await connections.adopt(connection.id, wanted.issuer);
        await connections.setVerdict(connection.id, verdict);
      } else {
        // It goes on under the issuer that the customer's cloud knows.
        const detail = `Not registered under ${wanted.issuer} yet; tokens still come from ${connection.issuer}.`;
        const advice = 'Apply the set-up file again: it names the new issuer.';
        return { verdict, checks: [{ name: 'issuer', outcome: 'failed', detail, advice }, ...checks] };
      }
      return { verdict, checks };
    },
  };
}

async function tryOut(connection: Connection, exchange: Exchange, actor: string): Promise<Check[]> {
  const { missing } = destinationOf(connection);
  if (missing.length > 0) {
    const detail = `The target has no ${missing.join(', ')} yet.`;
    return [
      {
        name: 'target',
        outcome: 'failed',
        detail,
        advice: 'Finish the set-up in the cloud, then save the missing fields.',
      },
      { name: 'exchange', outcome: 'skipped', detail: 'Nothing to enter yet.', advice: null },
    ];
  }
  const target: Check = {
    name: 'target',
    outcome: 'passed',
    detail: `Complete for ${clouds[connection.cloud].name}.`,
    advice: null,
  };
  try {
    await exchange.attempt(connection, actor);
    return [
      target,
      {
        name: 'exchange',
        outcome: 'passed',
        detail: 'The cloud gave credentials for a fresh token.',
        advice: null,
      },
    ];
  } catch (error) {
    if (!(error instanceof SojournError) || !error.code.startsWith('cloud_')) throw error;
    return [
      target,
      {
        name: 'exchange',
        outcome: 'failed',
        detail: `${error.code}: ${error.message}`,
        advice: error.advice,
      },
    ];
  }
}
