/** The set-up files that a customer applies. They name the issuer that the connection's tenant is assigned to. */
import { createHash } from 'node:crypto';
import {
  type Connection,
  type Connections,
  type ResolvedConnection,
  resolveConnection,
  setupFactsOf,
  underIssuer,
} from '../../access/connections/index.ts';
import type { Tenants } from '../../access/tenants/index.ts';
import {
  type PublicFile,
  type PublicFiles,
  type SetupFacts,
  type SetupFile,
  setUpOf,
  type UploadedKey,
} from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { activatedConnections, establishedBefore } from './established.ts';
import { type PermissionSets, parseRequest, type SetupRequest } from './request.ts';

export interface SetupFiles {
  /**
   * While the tenant moves, the files name the new issuer. Rejects with `invalid_request` for options that the files of
   * this cloud do not have.
   * @param readAt returns the URL at which anyone who knows it can read a file; consoles use it if it is https
   */
  files(
    connection: Connection,
    request?: SetupRequest,
    readAt?: (name: string) => string,
  ): Promise<readonly SetupFile[]>;
  /** Rejects like `files`, and with `setup_file_not_found`. */
  file(
    connection: Connection,
    name: string,
    request?: SetupRequest,
    readAt?: (name: string) => string,
  ): Promise<SetupFile>;
  /** The named permission sets that exist for the connection's cloud, with their permissions. */
  permissionsOf(connection: Connection, names: readonly string[]): Readonly<Record<string, unknown>>;
}

export interface SetupFilesOptions {
  readonly vendor: string;
  readonly connections: Pick<Connections, 'find' | 'list'>;
  readonly tenants: Pick<Tenants, 'get' | 'issuerOf'>;
  /** The keys to upload for the connection, in order of need. */
  readonly keysFor: (connection: Connection) => Promise<readonly UploadedKey[]>;
  readonly permissions: PermissionSets;
  /** Uploads a file for the cloud's console; never rejects. Undefined if no bucket is configured. */
  readonly publish: (artefact: SetupFile) => Promise<PublicFile | undefined>;
}

/** Under its tenant's issuer, which differs from the connection's own only while the tenant moves. */
export const resolveUnderTenantIssuer = async (
  connection: Connection,
  tenants: Pick<Tenants, 'get' | 'issuerOf'>,
): Promise<ResolvedConnection> =>
  underIssuer(resolveConnection(connection), tenants.issuerOf(await tenants.get(connection.tenant)));

/** Undefined for other URLs than https: consoles read only those. */
const asPublicFile = ({ content }: SetupFile, url = ''): PublicFile | undefined =>
  url.startsWith('https://')
    ? { url, sha256: createHash('sha256').update(content).digest('hex') }
    : undefined;

export function createSetupFiles(options: SetupFilesOptions): SetupFiles {
  const { vendor, connections, tenants, keysFor, permissions: sets, publish } = options;

  const factsOf = async (connection: Connection, activated: readonly Connection[]): Promise<SetupFacts> => {
    const resolved = await resolveUnderTenantIssuer(connection, tenants);
    return {
      ...setupFactsOf(resolved, vendor),
      established: establishedBefore(resolved.connection, activated),
      ...(resolved.destination.uploadsKeys ? { jwks: await keysFor(resolved.connection) } : {}),
    };
  };

  const createFiles: SetupFiles['files'] = async (connection, request = {}, readAt = undefined) => {
    const parsed = await parseRequest(connection, request, { connections, sets });
    const activated = await activatedConnections(connection.tenant, connections);
    const facts: SetupFacts = {
      ...(await factsOf(connection, activated)),
      options: parsed.options,
      permissions: parsed.permissions,
      additional: await Promise.all(
        parsed.additionalConnections.map(async (other) => ({
          target: other.target,
          facts: await factsOf(other, activated),
        })),
      ),
      ...(parsed.callback === undefined ? {} : { callback: parsed.callback }),
    };
    const setUp = setUpOf(connection.cloud);
    const files = setUp.files(connection.target, facts);
    return [...files, ...setUp.links(connection.target, facts, await publishAll(files, readAt))];
  };

  const publishAll = async (
    files: readonly SetupFile[],
    readAt?: (name: string) => string,
  ): Promise<PublicFiles> => {
    const published = new Map<string, PublicFile>();
    for (const file of files) {
      const publicFile = file.publiclyReadable
        ? ((await publish(file)) ?? asPublicFile(file, readAt?.(file.name)))
        : undefined;
      if (publicFile) published.set(file.name, publicFile);
    }
    return published;
  };

  return {
    files: createFiles,
    permissionsOf: ({ cloud }, names) =>
      Object.fromEntries(
        names.flatMap((name) => {
          const set = Object.hasOwn(sets, name) ? sets[name]?.[cloud] : undefined;
          return set === undefined ? [] : [[name, set]];
        }),
      ),

    async file(connection, name, request, readAt) {
      const files = await createFiles(connection, request, readAt);
      const file = files.find((candidate) => candidate.name === name);
      if (!file) throw new SojournError('setup_file_not_found');
      return file;
    },
  };
}
