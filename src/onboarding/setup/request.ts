/** What may be asked of the files of a connection, checked whole before any is made. */
import { z } from 'zod';
import type { Connection, Connections } from '../../access/connections/index.ts';
import { clouds } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { faultsIn, read } from '../../platform/validation/index.ts';

/** Besides these, the options of the cloud: see the `options.ts` of each. */
export interface SetupRequest {
  /** Where the files report the ids to that come of them. */
  readonly callback?: string;
  /** Names of the vendor's permission sets. */
  readonly permissions?: readonly string[];
  /** Ids of further connections of the same customer and cloud that the same files set up. */
  readonly additional_connections?: readonly string[];
  readonly [option: string]: unknown;
}

/** By name, and for each what it grants in which cloud. */
export type PermissionSets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface ReadRequest {
  readonly options: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly beside: readonly Connection[];
  readonly callback: string | undefined;
}

/** Over plain http only within a machine, as an issuer may be; of the characters of RFC 3986 section 2. */
const callbackForm =
  /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])[\w.~:/?#[\]@!$&'()*+,;=%-]+$/;

const common = z.object({
  callback: z
    .string()
    .refine((url) => callbackForm.test(url) && URL.canParse(url), 'must be an https URL')
    .optional(),
  permissions: z.array(z.string(), 'must be a list of names').max(20, 'must be 20 names at most').default([]),
  additional_connections: z
    .array(z.string(), 'must be a list of ids')
    .max(19, 'must be at most 19 connections')
    .default([]),
});

/** Rejects with `invalid_request`, every fault at once. */
export async function readRequest(
  connection: Connection,
  request: SetupRequest,
  { connections, sets }: { connections: Pick<Connections, 'find'>; sets: PermissionSets },
): Promise<ReadRequest> {
  const { callback, permissions, additional_connections, ...options } = request;
  const cloud = clouds[connection.cloud];
  const shared = { callback, permissions, additional_connections };
  const faults = [...faultsIn(common, shared), ...faultsIn(cloud.setupOptions, options)];
  if (faults.length > 0) throw invalidRequest(faults);
  const asked = read(common, shared);
  const unknown = asked.permissions.flatMap((name) => faultOfSet(name, connection, sets));
  const beside = await Promise.all(asked.additional_connections.map((id) => connections.find(id)));
  const foreign = asked.additional_connections.flatMap((id, at) =>
    faultOfOther(id, beside[at], connection, asked.additional_connections),
  );
  if (unknown.length + foreign.length > 0) throw invalidRequest([...unknown, ...foreign]);
  return {
    options: read(cloud.setupOptions, options),
    permissions: Object.fromEntries(
      asked.permissions.map((name) => [name, sets[name]?.[connection.cloud]] as const),
    ),
    beside: beside.filter((one) => one !== undefined),
    callback: asked.callback,
  };
}

function faultOfSet(name: string, { cloud }: Connection, sets: PermissionSets): Fault[] {
  const known = Object.keys(sets).filter((each) => sets[each]?.[cloud] !== undefined);
  if (known.includes(name)) return [];
  const message =
    known.length === 0
      ? `there are none for ${cloud} in setup.permissions`
      : `must be among those of setup.permissions for ${cloud}: ${known.join(', ')}`;
  return [{ path: 'permissions', message }];
}

/** The same whether the id is another customer's or nobody's. */
function faultOfOther(
  id: string,
  other: Connection | undefined,
  connection: Connection,
  all: readonly string[],
): Fault[] {
  const twice = id === connection.id || all.indexOf(id) !== all.lastIndexOf(id);
  if (twice) return [{ path: 'additional_connections', message: 'names a connection twice' }];
  if (other?.tenant === connection.tenant && other.cloud === connection.cloud) return [];
  return [
    { path: 'additional_connections', message: 'must name connections of the same tenant to the same cloud' },
  ];
}
