/** The options of a connection's set-up files, validated completely before any file is generated. */
import { z } from 'zod';
import type { Connection, Connections } from '../../access/connections/index.ts';
import { setUpOf } from '../../clouds/index.ts';
import { type Fault, invalidRequest } from '../../platform/errors/index.ts';
import { validate } from '../../platform/validation/index.ts';

/** Each cloud adds its own options: see `options.ts` of the cloud. */
export interface SetupRequest {
  /** URL to which the applied set-up reports the ids that it created. */
  readonly callback?: string;
  /** Names of the vendor's permission sets. */
  readonly permissions?: readonly string[];
  /** Ids of further connections, of the same tenant to the same cloud, that the same files set up. */
  readonly additional_connections?: readonly string[];
  readonly [option: string]: unknown;
}

/** By name, then by cloud: the permissions. */
export type PermissionSets = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface ParsedRequest {
  readonly options: Readonly<Record<string, unknown>>;
  readonly permissions: Readonly<Record<string, unknown>>;
  readonly additionalConnections: readonly Connection[];
  readonly callback: string | undefined;
}

/** Plain http is accepted for loopback hosts only, as for issuers. The characters are those of RFC 3986 section 2. */
const callbackPattern =
  /^(https:\/\/|http:\/\/(127\.0\.0\.1|localhost|\[::1\])[:/])[\w.~:/?#[\]@!$&'()*+,;=%-]+$/;

const common = z.object({
  callback: z
    .string()
    .refine((url) => callbackPattern.test(url) && URL.canParse(url), 'must be an https URL')
    .optional(),
  permissions: z
    .array(z.string(), 'must be a list of names')
    .max(20, 'must not have more than 20 names')
    .default([]),
  additional_connections: z
    .array(z.string(), 'must be a list of ids')
    .max(299, 'must not have more than 299 connections')
    .default([]),
});

/** Rejects with `invalid_request` and all faults. */
export async function parseRequest(
  connection: Connection,
  request: SetupRequest,
  { connections, sets }: { connections: Pick<Connections, 'find'>; sets: PermissionSets },
): Promise<ParsedRequest> {
  const { callback, permissions, additional_connections, ...options } = request;
  const setUp = setUpOf(connection.cloud);
  const shared = { callback, permissions, additional_connections };
  const { value: parsed, faults: commonFaults } = validate(common, shared);
  const { value: parsedOptions, faults: optionFaults } = validate(setUp.options, options);
  if (!parsed || !parsedOptions) throw invalidRequest([...commonFaults, ...optionFaults]);
  const ids = parsed.additional_connections;
  const others = await Promise.all(ids.map((id) => connections.find(id)));
  const referenceFaults = [
    ...parsed.permissions.flatMap((name) => faultOfPermission(name, connection, sets)),
    ...ids.flatMap((id, index) => faultOfConnection(id, others[index], connection, ids)),
  ];
  if (referenceFaults.length > 0) throw invalidRequest(referenceFaults);
  return {
    options: parsedOptions,
    permissions: Object.fromEntries(
      parsed.permissions.map((name) => [name, sets[name]?.[connection.cloud]] as const),
    ),
    additionalConnections: others.filter((other) => other !== undefined),
    callback: parsed.callback,
  };
}

function faultOfPermission(name: string, { cloud }: Connection, sets: PermissionSets): Fault[] {
  const known = Object.keys(sets).filter((setName) => sets[setName]?.[cloud] !== undefined);
  if (known.includes(name)) return [];
  const message =
    known.length === 0
      ? `must be empty: setup.permissions has no permission set for ${cloud}`
      : `must be permission sets of setup.permissions for ${cloud}: ${known.join(', ')}`;
  return [{ path: 'permissions', message }];
}

/** The same message for another tenant's id and an unknown one. */
function faultOfConnection(
  id: string,
  other: Connection | undefined,
  connection: Connection,
  all: readonly string[],
): Fault[] {
  const path = 'additional_connections';
  const isDuplicate = id === connection.id || all.indexOf(id) !== all.lastIndexOf(id);
  if (isDuplicate) return [{ path, message: 'must not contain a connection twice' }];
  if (other?.tenant === connection.tenant && other.cloud === connection.cloud) return [];
  return [{ path, message: 'must be connections of the same tenant to the same cloud' }];
}
