/** The files that a customer applies, for the issuer under which the connection is to be registered. */
import { createHash } from 'node:crypto';
import {
  type Connection,
  type Connections,
  destinationOf,
  setupFactsOf,
} from '../../access/connections/index.ts';
import type { Tenants } from '../../access/tenants/index.ts';
import type { PublicFile, PublicFiles, SetupFacts, SetupFile, UploadedKey } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { type PermissionSets, readRequest, type SetupRequest } from './request.ts';

export interface Artefacts {
  /**
   * During a move of its tenant for the new issuer. Rejects with `invalid_request` for what cannot be asked of them.
   * @param readAt where the same files can be read by whoever has the URL, which consoles do where it is https
   */
  artefacts(
    connection: Connection,
    request?: SetupRequest,
    readAt?: (name: string) => string,
  ): Promise<readonly SetupFile[]>;
  /** Rejects with `setup_file_not_found` as well. */
  artefact(
    connection: Connection,
    name: string,
    request?: SetupRequest,
    readAt?: (name: string) => string,
  ): Promise<SetupFile>;
  /** Those of the vendor's permission sets that there are for its cloud, with what they grant. */
  grants(connection: Connection, names: readonly string[]): Readonly<Record<string, unknown>>;
}

export interface ArtefactsOptions {
  readonly vendor: string;
  readonly connections: Pick<Connections, 'find'>;
  readonly tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  /** What must be uploaded for the connection, in the order of need. */
  readonly keysFor: (connection: Connection) => Promise<readonly UploadedKey[]>;
  readonly permissions: PermissionSets;
  /** Puts a file where the cloud's console can read it; never rejects. Undefined where there is no such place. */
  readonly publish: (artefact: SetupFile) => Promise<PublicFile | undefined>;
}

/** The connection as it is to be: other than it is only while its tenant moves to another issuer. */
export const asWanted = async (
  connection: Connection,
  tenants: Pick<Tenants, 'get' | 'issuerOf'>,
): Promise<Connection> => ({
  ...connection,
  issuer: tenants.issuerOf(await tenants.get(connection.tenant)),
});

/** A console reads over https only. */
const readable = ({ content }: SetupFile, url = ''): PublicFile | undefined =>
  url.startsWith('https://')
    ? { url, sha256: createHash('sha256').update(content).digest('hex') }
    : undefined;

export function createArtefacts(options: ArtefactsOptions): Artefacts {
  const { vendor, connections, tenants, keysFor, permissions: sets, publish } = options;

  const wantedFacts = async (connection: Connection): Promise<SetupFacts> => {
    const wanted = await asWanted(connection, tenants);
    const facts = setupFactsOf(wanted, vendor);
    return destinationOf(connection).uploadsKeys ? { ...facts, jwks: await keysFor(wanted) } : facts;
  };

  const artefacts: Artefacts['artefacts'] = async (connection, request = {}, readAt = undefined) => {
    const read = await readRequest(connection, request, { connections, sets });
    const destination = destinationOf(connection);
    const facts: SetupFacts = {
      ...(await wantedFacts(connection)),
      options: read.options,
      permissions: read.permissions,
      additional: await Promise.all(
        read.beside.map(async (one) => ({ target: one.target, facts: await wantedFacts(one) })),
      ),
      ...(read.callback === undefined ? {} : { callback: read.callback }),
    };
    const files = destination.setup(facts);
    return [...files, ...destination.links(facts, await publishAll(files, readAt))];
  };

  const publishAll = async (
    files: readonly SetupFile[],
    readAt?: (name: string) => string,
  ): Promise<PublicFiles> => {
    const published = new Map<string, PublicFile>();
    for (const file of files) {
      const at = file.publiclyReadable
        ? ((await publish(file)) ?? readable(file, readAt?.(file.name)))
        : undefined;
      if (at) published.set(file.name, at);
    }
    return published;
  };

  return {
    artefacts,
    grants: ({ cloud }, names) =>
      Object.fromEntries(
        names.flatMap((name) => {
          const set = Object.hasOwn(sets, name) ? sets[name]?.[cloud] : undefined;
          return set === undefined ? [] : [[name, set]];
        }),
      ),

    async artefact(connection, name, request, readAt) {
      const found = (await artefacts(connection, request, readAt)).find((artefact) => artefact.name === name);
      if (!found) throw new SojournError('setup_file_not_found');
      return found;
    },
  };
}
