/**
 * The ways into the customers' clouds. Owns: their records, what may be set on them, and their state. Does not own:
 * what a target means (clouds) or whether a cloud really lets us in (exchange).
 */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import { type Algorithm, type CloudName, cloudNames, clouds, type Destination } from '../clouds/index.ts';
import { type Fault, invalidRequest, SojournError } from '../errors/index.ts';
import { newId } from '../ids/index.ts';
import { faultsIn, labelsField, nameField, read } from '../input/index.ts';
import { records } from '../records/index.ts';
import type { Page, Store } from '../store/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { type Now, toTimestamp } from '../time/index.ts';
import { hasBeenActive } from './closed.ts';
import { faultsInPurposes, type Purposes, purposesField, readPurposes } from './purposes.ts';

export { closedBy, hasBeenActive } from './closed.ts';
export { narrowedTo, purposesField, purposesOf } from './purposes.ts';
export { nobodyTrusts } from './trust.ts';

/** `pending` until a real exchange has succeeded, then what the last verification found. */
export type Verdict = 'pending' | 'active' | 'failing';

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
  /** `admin`, `system` or a client id. */
  readonly actor: string;
  /** The first condition that did not hold. */
  readonly reason?: string;
}

const algorithmField = z.enum(['RS256', 'ES256'], 'must be RS256 or ES256');
const ttlField = z
  .number()
  .int()
  .min(60, 'must be 60 seconds or more')
  .max(3600, 'must be 3600 seconds at most');
const approvalField = z.enum(['none', 'required'], 'must be none or required');
const targetField = z.record(z.string(), z.unknown());

export const connectionInput = z.strictObject({
  name: nameField,
  tenant: z.string(),
  cloud: z.enum(cloudNames, `must be one of ${cloudNames.join(', ')}`),
  target: targetField.default({}),
  labels: labelsField.default({}),
  purposes: purposesField.optional(),
  algorithm: algorithmField.optional(),
  token_ttl: ttlField.optional(),
  approval: approvalField
    .default('none')
    .describe('Whether an administrator has to grant each client its use, for a time.'),
});

/** Tenant, cloud and issuer are for life. `target` is merged: a field set to null is taken out. */
export const connectionPatch = z.strictObject({
  name: nameField.optional(),
  target: targetField.optional(),
  labels: labelsField.optional().describe('Replaces all labels.'),
  purposes: purposesField.optional().describe('Replaces all purposes.'),
  algorithm: algorithmField.optional(),
  token_ttl: ttlField.nullable().optional(),
  approval: approvalField.optional(),
});

export interface Connections {
  create(input: unknown): Promise<Connection>;
  find(id: string): Promise<Connection | undefined>;
  get(id: string): Promise<Connection>;
  list(query: { within?: string; after?: string; limit: number }): Promise<Page<Connection>>;
  update(id: string, input: unknown): Promise<Connection>;
  setDisabled(id: string, disabled: boolean): Promise<Connection>;
  /** Its tokens come from this issuer from now on: the customer's cloud was seen to trust it. */
  adopt(id: string, issuer: string): Promise<Connection>;
  /**
   * Fields of the target as its customer reports them. Rejects with `invalid_request`, and with `connection_settled`
   * once it has been active: a report never leads an access that is in use elsewhere.
   */
  report(id: string, fields: Readonly<Record<string, unknown>>): Promise<Connection>;
  /** Stops its use at once. Held by the invitation that stopped it first. */
  pause(id: string, invitation: string): Promise<Connection>;
  /** Rejects with `pause_held_elsewhere` unless `mayLift` agrees for the invitation that holds the pause. */
  resume(id: string, mayLift: (invitation: string) => Promise<boolean>): Promise<Connection>;
  /**
   * What a verification of the connection, as it was then, has found; nothing where it leads elsewhere since.
   * Every change of a verdict goes through here or `update`, and is told to who listens.
   */
  setVerdict(
    found: Connection,
    verdict: Verdict,
    told: { readonly actor: string; readonly reason?: string },
  ): Promise<Connection>;
  /** Called after each change of a verdict, before whoever made it is answered; what it throws reaches them. */
  onVerdict(listener: (change: VerdictChange) => void | Promise<void>): void;
  /** The customer's cloud holds these keys now, and no others: an upload replaces all. */
  setUploaded(id: string, kids: readonly string[]): Promise<Connection>;
  remove(id: string): Promise<void>;
}

/** The subject of the connection's tokens: its id, which is unique, opaque, immutable and never used again. */
export const subjectOf = (connection: Connection): string => connection.id;

export const destinationOf = (connection: Connection): Destination =>
  clouds[connection.cloud].destination(connection.target);

/** Life of the connection's tokens in seconds: its own, else what its cloud needs, else what the server gives. */
export const tokenSecondsOf = (connection: Connection, otherwise: number): number =>
  connection.token_ttl ?? destinationOf(connection).tokenSeconds ?? otherwise;

/** What is shown of it: the verdict, unless its administrator or its customer has closed it. */
export type ConnectionState = Verdict | 'disabled' | 'paused';

export const stateOf = (connection: Connection): ConnectionState =>
  connection.disabled ? 'disabled' : connection.paused_at ? 'paused' : connection.verdict;

export function createConnections(options: {
  store: Store;
  tenants: Tenants;
  now: Now;
  /** The algorithms that this server has keys for. */
  algorithms: readonly Algorithm[];
}): Connections {
  const { store, tenants, now, algorithms } = options;
  const kept = records<Connection>(store, 'connection', 'connection_not_found');
  const stamp = () => toTimestamp(now());
  const listeners: ((change: VerdictChange) => void | Promise<void>)[] = [];
  const tell = async (from: Verdict, connection: Connection, told: { actor: string; reason?: string }) => {
    const { verdict: to } = connection;
    if (from !== to) for (const listener of listeners) await listener({ connection, from, to, ...told });
  };

  return {
    async create(input) {
      const faults = [
        ...faultsIn(connectionInput, input),
        ...(await faultsInTenant(input, tenants)),
        ...faultsInTarget(input),
      ];
      if (faults.length > 0) throw invalidRequest(faults);
      const {
        name,
        tenant,
        cloud,
        target: given,
        labels,
        purposes,
        algorithm,
        token_ttl,
        approval,
      } = read(connectionInput, input);
      const target = read(clouds[cloud].target, given, 'target');
      const at = stamp();
      const connection: Connection = {
        id: newId('con', now),
        name,
        labels,
        tenant,
        cloud,
        target,
        ...(purposes ? { purposes: readPurposes(cloud, target, purposes) } : {}),
        issuer: tenants.issuerOf(await tenants.get(tenant)),
        algorithm: chooseAlgorithm(clouds[cloud].destination(target), algorithms, algorithm),
        token_ttl: token_ttl ?? null,
        approval,
        verdict: 'pending',
        disabled: false,
        created_at: at,
        updated_at: at,
        verified_at: null,
      };
      await kept.insert(connection.id, connection, { within: tenant });
      try {
        // Again, now that the connection can be seen: a deletion of the tenant either saw it or is seen here.
        await tenants.get(tenant);
      } catch (error) {
        await kept.remove(connection.id);
        if (error instanceof SojournError && error.code === 'tenant_not_found')
          throw invalidRequest([unknownTenant]);
        throw error;
      }
      return connection;
    },

    find: kept.find,
    get: kept.get,
    list: kept.list,

    async update(id, input) {
      const change = read(connectionPatch, input);
      let from: Verdict = 'pending';
      const after = await kept.change(id, (connection) => {
        from = connection.verdict;
        const target = merge(connection, change.target);
        const purposes = change.purposes ?? connection.purposes;
        return {
          ...connection,
          name: change.name ?? connection.name,
          labels: change.labels ?? connection.labels,
          target,
          // Also those that were there: another target must not make one of them wider than itself.
          ...(purposes ? { purposes: readPurposes(connection.cloud, target, purposes) } : {}),
          algorithm: chooseAlgorithm(
            clouds[connection.cloud].destination(target),
            algorithms,
            change.algorithm ?? connection.algorithm,
          ),
          token_ttl: change.token_ttl === undefined ? connection.token_ttl : change.token_ttl,
          approval: change.approval ?? connection.approval ?? 'none',
          // Another target is another door, which nobody has tried yet.
          verdict: change.target ? 'pending' : connection.verdict,
          ...(change.target && connection.uploaded_kids ? { uploaded_kids: [] } : {}),
          updated_at: stamp(),
        };
      });
      await tell(from, after, { actor: 'admin' });
      return after;
    },

    setDisabled: (id, disabled) =>
      kept.change(id, (connection) => ({ ...connection, disabled, updated_at: stamp() })),

    adopt: (id, issuer) => kept.change(id, (connection) => ({ ...connection, issuer, updated_at: stamp() })),

    report: (id, fields) =>
      kept.change(id, (connection) => {
        const target = merge(connection, fields);
        if (isDeepStrictEqual(target, connection.target)) return connection;
        if (hasBeenActive(connection)) throw new SojournError('connection_settled');
        return { ...connection, target, verdict: 'pending', updated_at: stamp() };
      }),

    pause: (id, invitation) =>
      kept.change(id, (connection) =>
        connection.paused_at
          ? connection
          : { ...connection, paused_at: stamp(), paused_by: invitation, updated_at: stamp() },
      ),

    resume: (id, mayLift) =>
      kept.change(id, async ({ paused_at: _, paused_by, ...connection }) => {
        if (paused_by !== undefined && !(await mayLift(paused_by)))
          throw new SojournError('pause_held_elsewhere');
        return { ...connection, updated_at: stamp() };
      }),

    async setVerdict(found, verdict, told) {
      let from: Verdict = verdict;
      const after = await kept.change(found.id, (connection) => {
        from = connection.verdict;
        if (!isDeepStrictEqual(doorOf(connection), doorOf(found))) return connection;
        const first = verdict === 'active' && !connection.activated_at ? { activated_at: stamp() } : {};
        return { ...connection, verdict, verified_at: stamp(), ...first };
      });
      await tell(from, after, told);
      return after;
    },

    onVerdict: (listener) => void listeners.push(listener),

    setUploaded: (id, kids) =>
      kept.change(id, (connection) => ({ ...connection, uploaded_kids: kids, updated_at: stamp() })),

    async remove(id) {
      await kept.remove(id);
      const report = await store.get('report', id);
      if (report) await store.remove('report', id, report.version);
    },
  };
}

/** What makes it another door, which what was found at the one before says nothing about. */
const doorOf = ({ target, issuer, algorithm }: Connection) => ({ target, issuer, algorithm });
/** The target with these fields in place of its own; null takes one out. Throws `invalid_request`. */
function merge({ cloud, target }: Connection, fields: Readonly<Record<string, unknown>> = {}) {
  const merged = Object.entries({ ...target, ...fields }).filter(([, value]) => value !== null);
  return read(clouds[cloud].target, Object.fromEntries(merged), 'target');
}

function chooseAlgorithm(
  destination: Destination,
  available: readonly Algorithm[],
  wanted: Algorithm | undefined,
): Algorithm {
  const usable = destination.algorithms.filter((alg) => available.includes(alg));
  const chosen = wanted ? usable.find((alg) => alg === wanted) : usable[0];
  if (chosen) return chosen;
  const message =
    usable.length > 0
      ? `must be ${usable.join(' or ')} for this cloud`
      : `this server has no key that the cloud accepts (${destination.algorithms.join(', ')})`;
  throw invalidRequest([{ path: 'algorithm', message }]);
}

const unknownTenant: Fault = { path: 'tenant', message: 'there is no such tenant' };

const belonging = z.looseObject({ tenant: connectionInput.shape.tenant });

/** Looked up even when other fields are faulty, so that all faults are told at once. */
async function faultsInTenant(input: unknown, tenants: Tenants): Promise<Fault[]> {
  const parsed = belonging.safeParse(input);
  return parsed.success && !(await tenants.find(parsed.data.tenant)) ? [unknownTenant] : [];
}

const leading = z.looseObject({
  cloud: connectionInput.shape.cloud,
  target: connectionInput.shape.target,
  purposes: connectionInput.shape.purposes.catch(undefined),
});

/** As soon as the input says of which cloud its target is; the purposes, as soon as there is a target to narrow. */
function faultsInTarget(input: unknown): readonly Fault[] {
  const parsed = leading.safeParse(input);
  if (!parsed.success) return [];
  const { cloud, target, purposes = {} } = parsed.data;
  const schema = clouds[cloud].target;
  const faults = faultsIn(schema, target, 'target');
  return faults.length > 0 ? faults : faultsInPurposes(cloud, read(schema, target), purposes);
}
