/** The files that a customer applies, for the issuer under which the connection is to be registered. */
import type { Artefact, Published, PublishedFile, SetupFacts, UploadedKey } from '../clouds/index.ts';
import { type Connection, type Connections, destinationOf } from '../connections/index.ts';
import { SojournError } from '../errors/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { factsOf } from './facts.ts';
import { type PermissionSets, readRequest, type SetupRequest } from './request.ts';

export interface Artefacts {
  /** During a move of its tenant for the new issuer. Rejects with `invalid_request` for what cannot be asked of them. */
  artefacts(connection: Connection, request?: SetupRequest): Promise<readonly Artefact[]>;
  /** Rejects with `artefact_not_found` as well. */
  artefact(connection: Connection, name: string, request?: SetupRequest): Promise<Artefact>;
}

export interface ArtefactsOptions {
  readonly vendor: string;
  readonly connections: Pick<Connections, 'find'>;
  readonly tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  /** What must be uploaded for the connection, in the order of need. */
  readonly keysFor: (connection: Connection) => Promise<readonly UploadedKey[]>;
  readonly permissions: PermissionSets;
  /** Puts a file where the cloud's console can read it; never rejects. Undefined where there is no such place. */
  readonly publish: (artefact: Artefact) => Promise<PublishedFile | undefined>;
}

/** The connection as it is to be: other than it is only while its tenant moves to another issuer. */
export const asWanted = async (
  connection: Connection,
  tenants: Pick<Tenants, 'get' | 'issuerOf'>,
): Promise<Connection> => ({
  ...connection,
  issuer: tenants.issuerOf(await tenants.get(connection.tenant)),
});

export function createArtefacts(options: ArtefactsOptions): Artefacts {
  const { vendor, connections, tenants, keysFor, permissions: sets, publish } = options;

  const wantedFacts = async (connection: Connection): Promise<SetupFacts> => {
    const wanted = await asWanted(connection, tenants);
    const facts = factsOf(wanted, vendor);
    return destinationOf(connection).uploadsKeys ? { ...facts, jwks: await keysFor(wanted) } : facts;
  };

  const artefacts: Artefacts['artefacts'] = async (connection, request = {}) => {
    const read = await readRequest(connection, request, { connections, sets });
    const destination = destinationOf(connection);
    const facts: SetupFacts = {
      ...(await wantedFacts(connection)),
      options: read.options,
      permissions: read.permissions,
      beside: await Promise.all(
        read.beside.map(async (one) => ({ target: one.target, facts: await wantedFacts(one) })),
      ),
      ...(read.callback === undefined ? {} : { callback: read.callback }),
    };
    const files = destination.setup(facts);
    return [...files, ...destination.links(facts, await publishAll(files))];
  };

  const publishAll = async (files: readonly Artefact[]): Promise<Published> => {
    const published = new Map<string, PublishedFile>();
    for (const file of files) {
      const at = file.published ? await publish(file) : undefined;
      if (at) published.set(file.name, at);
    }
    return published;
  };

  return {
    artefacts,
    async artefact(connection, name, request) {
      const found = (await artefacts(connection, request)).find((artefact) => artefact.name === name);
      if (!found) throw new SojournError('artefact_not_found');
      return found;
    },
  };
}
