/** The stored form of a connection, and values derived from it. */
import { isDeepStrictEqual } from 'node:util';
import { type Algorithm, type CloudName, clouds, type Entry } from '../../clouds/index.ts';

/** The verdict of the last verification; `pending` before the first one of this target. */
export type Verdict = 'pending' | 'active' | 'failing';

/** By name, the fields of the target that each purpose narrows. */
export type Purposes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface Connection {
  readonly id: string;
  readonly name: string;
  /** Rules and guards can select connections by labels. */
  readonly labels: Readonly<Record<string, string>>;
  readonly tenant: string;
  readonly cloud: CloudName;
  readonly target: Readonly<Record<string, unknown>>;
  /** The issuer that the customer registered. Only `adopt` changes it. */
  readonly issuer: string;
  readonly algorithm: Algorithm;
  /** Absent if none were ever set. */
  readonly purposes?: Purposes;
  /** Lifetime of its cloud tokens in seconds; null for the default. See `tokenSecondsOf`. */
  readonly token_ttl: number | null;
  /** Whether its use needs an approval; absent means `none`. */
  readonly approval?: 'none' | 'required';
  /** Kids of the keys that the customer last confirmed to have uploaded; absent if none were ever confirmed. */
  readonly uploaded_kids?: readonly string[];
  readonly verdict: Verdict;
  readonly disabled: boolean;
  /** When the customer paused the connection, and the id of the invitation; absent while it is not paused. */
  readonly paused_at?: string;
  readonly paused_by?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly verified_at: string | null;
  /** When a verification first passed; absent before. */
  readonly activated_at?: string;
}

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

export const destinationOf = (connection: Connection): Entry =>
  clouds[connection.cloud].entry(connection.target);

/** A connection with its destination, computed once per use. */
export interface ResolvedConnection {
  readonly connection: Connection;
  readonly destination: Entry;
}

export const resolveConnection = (connection: Connection): ResolvedConnection => ({
  connection,
  destination: destinationOf(connection),
});

/** Lifetime of the connection's tokens in seconds: its own setting, else the cloud's, else the server's default. */
export const tokenSecondsOf = (
  { connection, destination }: ResolvedConnection,
  serverDefault: number,
): number => connection.token_ttl ?? destination.tokenSeconds ?? serverDefault;

/** Whether both have the same target, issuer and algorithm; a verification of one then applies to the other. */
export const sameTarget = (one: Connection, other: Connection): boolean =>
  isDeepStrictEqual(verifiedFieldsOf(one), verifiedFieldsOf(other));

const verifiedFieldsOf = ({ target, issuer, algorithm }: Connection) => ({ target, issuer, algorithm });

/** The public state: the verdict, unless an administrator disabled or the customer paused the connection. */
export type ConnectionState = Verdict | 'disabled' | 'paused';

export const stateOf = (connection: Connection): ConnectionState =>
  connection.disabled ? 'disabled' : connection.paused_at ? 'paused' : connection.verdict;
