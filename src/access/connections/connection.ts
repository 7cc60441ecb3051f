/** The record of a connection, and values derived from it. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { algorithms, cloudOf, clouds, type Entry } from '../../clouds/index.ts';
import { unknownPart } from '../../platform/store/index.ts';
import { type Immutable, timestamp } from '../../platform/validation/index.ts';

/** Whether its use needs an approval. */
export const approvalSettings = ['none', 'required'] as const;

export const verdicts = ['pending', 'active', 'failing'] as const;

/** The verdict of the last verification; `pending` before the first one of this target. */
export type Verdict = (typeof verdicts)[number];

export const connectionRecord = z.object({
  id: z.string(),
  name: z.string(),
  /** Rules and guards can select connections by labels. */
  labels: z.record(z.string(), z.string()),
  tenant: z.string(),
  cloud: z.string(),
  target: z.record(z.string(), z.unknown()),
  /** The issuer that the customer registered. Only `adopt` changes it. */
  issuer: z.string().describe('The `iss` of its tokens.'),
  algorithm: z.enum(algorithms),
  /** By name, the fields of the target that each purpose narrows. Absent if none were ever set. */
  purposes: z
    .record(z.string(), z.record(z.string(), z.unknown()))
    .exactOptional()
    .describe('Named restrictions of the target. A connection without purposes is unrestricted.'),
  /** See `ResolvedConnection`. */
  token_ttl: z.int().nullable().describe('Seconds; null means the server’s `tokens.ttl`.'),
  approval: z
    .enum(approvalSettings)
    .default('none')
    .describe('Whether each client needs a grant from an administrator.'),
  /** Absent if none were ever confirmed. */
  uploaded_kids: z
    .array(z.string())
    .exactOptional()
    .describe(
      'Ids of the keys that its cloud has, as an administrator confirmed; only with `target.uploaded_jwks`.',
    ),
  verdict: z.enum(verdicts),
  disabled: z.boolean(),
  paused_at: timestamp
    .exactOptional()
    .describe('When the customer paused it; only the customer can resume it.'),
  /** The invitation with which the customer paused it. */
  paused_by: z.string().exactOptional(),
  created_at: timestamp,
  updated_at: timestamp,
  verified_at: timestamp.nullable(),
  /** When a verification first passed; absent before. */
  activated_at: timestamp.exactOptional(),
});

const storedConnection = z.strictObject(connectionRecord.shape);

/** See `unknownPart`. Also what the cloud's schemas of target and purposes do not know: both can restrict access. */
export function unknownInConnection(connection: Connection): string | undefined {
  const part = unknownPart(storedConnection, connection);
  const cloud = clouds[connection.cloud];
  if (part !== undefined || !cloud) return part;
  const inTarget = unknownPart(z.object({ target: cloud.target }), connection);
  const schema = cloud.purposes?.schema;
  return (
    inTarget ??
    (schema && unknownPart(z.object({ purposes: z.record(z.string(), schema).exactOptional() }), connection))
  );
}

/** As it is stored: without a default. */
export type Connection = Immutable<z.input<typeof connectionRecord>>;

export type Purposes = NonNullable<Connection['purposes']>;

export interface VerdictChange {
  readonly connection: Connection;
  readonly from: Verdict;
  readonly to: Verdict;
  /** `admin`, `system`, `customer` or a client id. */
  readonly actor: string;
  /** The first condition that failed. */
  readonly reason?: string;
}

/** The subject of the connection's tokens: its id, which is unique, opaque, immutable and never reused. */
export const subjectOf = (connection: Connection): string => connection.id;

/** A connection with its destination, computed once per use. */
export interface ResolvedConnection {
  readonly connection: Connection;
  readonly destination: Entry;
  /** Lifetime of its tokens: its own setting, else the cloud's; undefined for the server's default. */
  readonly tokenSeconds: number | undefined;
}

export function resolveConnection(connection: Connection): ResolvedConnection {
  const { cloud, target, token_ttl } = connection;
  const destination = (clouds[cloud] ?? cloudOf(cloud)).entry(target);
  return { connection, destination, tokenSeconds: token_ttl ?? destination.tokenSeconds };
}

/** The same connection under another issuer, which changes nothing at its destination. */
export const underIssuer = (resolved: ResolvedConnection, issuer: string): ResolvedConnection => ({
  ...resolved,
  connection: { ...resolved.connection, issuer },
});

/** Whether both have the same target, issuer and algorithm; a verification of one then applies to the other. */
export const sameTarget = (one: Connection, other: Connection): boolean =>
  isDeepStrictEqual(verifiedFieldsOf(one), verifiedFieldsOf(other));

const verifiedFieldsOf = ({ target, issuer, algorithm }: Connection) => ({ target, issuer, algorithm });

/** The public state: the verdict, unless an administrator disabled or the customer paused the connection. */
export const connectionStates = [...verdicts, 'disabled', 'paused'] as const;
export type ConnectionState = (typeof connectionStates)[number];

export const stateOf = (connection: Connection): ConnectionState =>
  connection.disabled ? 'disabled' : connection.paused_at ? 'paused' : connection.verdict;
