/** A connection as it is kept, and what follows from it alone. */
import { isDeepStrictEqual } from 'node:util';
import { type Algorithm, type CloudName, clouds, type Destination } from '../../clouds/index.ts';

/** `pending` until a real exchange has succeeded, then what the last verification found. */
export type Verdict = 'pending' | 'active' | 'failing';

/** By name, the fields of the target that each purpose narrows. */
export type Purposes = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** A connection as it is kept. */
export interface Connection {
  readonly id: string;
  readonly name: string;
  /** By which rules of clients can name many connections at once. */
  readonly labels: Readonly<Record<string, string>>;
  readonly tenant: string;
  readonly cloud: CloudName;
  readonly target: Readonly<Record<string, unknown>>;
  /** The issuer that the customer registered. Changes by `adopt` alone. */
  readonly issuer: string;
  readonly algorithm: Algorithm;
  /** Absent where there were never any. */
  readonly purposes?: Purposes;
  /** Life of its cloud tokens in seconds; null where it sets none. See `tokenSecondsOf`. */
  readonly token_ttl: number | null;
  /** Whether a second person has to grant its use; absent where nobody ever said. See the approvals. */
  readonly approval?: 'none' | 'required';
  /** Kids of the keys that the customer said to have uploaded last; absent where nothing was ever said. */
  readonly uploaded_kids?: readonly string[];
  readonly verdict: Verdict;
  readonly disabled: boolean;
  /** When its customer stopped its use, and the id of the invitation that did; absent while nobody has. */
  readonly paused_at?: string;
  readonly paused_by?: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly verified_at: string | null;
  /** When an exchange succeeded first; absent before. */
  readonly activated_at?: string;
}

export interface VerdictChange {
  readonly connection: Connection;
  readonly from: Verdict;
  readonly to: Verdict;
  /** `admin`, `system`, `customer` or a client id. */
  readonly actor: string;
  /** The first condition that did not hold. */
  readonly reason?: string;
}

/** The subject of the connection's tokens: its id, which is unique, opaque, immutable and never used again. */
export const subjectOf = (connection: Connection): string => connection.id;

export const destinationOf = (connection: Connection): Destination =>
  clouds[connection.cloud].destination(connection.target);

/** A connection with its destination, which is built once for each use. */
export interface ResolvedConnection {
  readonly connection: Connection;
  readonly destination: Destination;
}

export const resolveConnection = (connection: Connection): ResolvedConnection => ({
  connection,
  destination: destinationOf(connection),
});

/** Life of the connection's tokens in seconds: its own, else what its cloud needs, else the server's default. */
export const tokenSecondsOf = (
  { connection, destination }: ResolvedConnection,
  serverDefault: number,
): number => connection.token_ttl ?? destination.tokenSeconds ?? serverDefault;

/** Whether both lead through the same door: what was found at another one says nothing. */
export const leadAlike = (one: Connection, other: Connection): boolean =>
  isDeepStrictEqual(doorOf(one), doorOf(other));

const doorOf = ({ target, issuer, algorithm }: Connection) => ({ target, issuer, algorithm });

/** What is shown of it: the verdict, unless its administrator or its customer has closed it. */
export type ConnectionState = Verdict | 'disabled' | 'paused';

export const stateOf = (connection: Connection): ConnectionState =>
  connection.disabled ? 'disabled' : connection.paused_at ? 'paused' : connection.verdict;
