/** Stored connections; every change is a compare-and-swap of the whole record. */
import { isDeepStrictEqual } from 'node:util';
import { type Algorithm, cloudOf } from '../../clouds/index.ts';
import { invalidRequest, SojournError } from '../../platform/errors/index.ts';
import { newId } from '../../platform/ids/index.ts';
import { type Page, records, type Store, unlessSame } from '../../platform/store/index.ts';
import { type Now, toTimestamp } from '../../platform/time/index.ts';
import type { Tenants } from '../tenants/index.ts';
import { hasBeenActive } from './availability.ts';
import {
  type Connection,
  sameTarget,
  unknownInConnection,
  type Verdict,
  type VerdictChange,
} from './connection.ts';
import { readPurposes } from './purposes.ts';
import { reportedTarget } from './reported.ts';
import {
  type ConnectionPatch,
  chooseAlgorithm,
  merge,
  type NewConnection,
  requireSharedPrincipal,
  unknownTenant,
} from './schema.ts';
import { createSharedPrincipals, type SharedPrincipals } from './shared-principals.ts';

export interface Connections {
  create(input: NewConnection): Promise<Connection>;
  find(id: string): Promise<Connection | undefined>;
  get(id: string): Promise<Connection>;
  list(query: { within?: string; after?: string; limit: number }): Promise<Page<Connection>>;
  update(id: string, change: ConnectionPatch): Promise<Connection>;
  setDisabled(id: string, disabled: boolean): Promise<Connection>;
  /**
   * Changes the issuer of its tokens, after a verification has shown that the customer's cloud trusts it; ignored if target,
   * issuer or algorithm have changed since.
   */
  adopt(verified: Connection, issuer: string): Promise<Connection>;
  /**
   * Merges target fields of a set-up report; null removes a field. Rejects with `invalid_request`, and with `target_locked`
   * if the connection has been active, so that a report never redirects access that is in use.
   */
  report(id: string, fields: Readonly<Record<string, unknown>>): Promise<Connection>;
  /** Rejects with `invalid_request` if these fields of a report name a principal that customers share. */
  checkReport(connection: Connection, fields: Readonly<Record<string, unknown>>): Promise<void>;
  /** Whether the target names a principal that customers share, and does not declare it. */
  readonly undeclared: SharedPrincipals['undeclared'];
  /** Pauses the connection at once. The invitation that pauses it first owns the pause. */
  pause(id: string, invitation: string): Promise<Connection>;
  /** Rejects with `pause_not_owned` unless `mayLift` allows it for the invitation that owns the pause. */
  resume(id: string, mayLift: (invitation: string) => Promise<boolean>): Promise<Connection>;
  /**
   * Stores the verdict of a verification; ignored if target, issuer or algorithm have changed since. Only this, `update` and
   * `report` change verdicts, and all three notify the listeners.
   */
  setVerdict(
    found: Connection,
    verdict: Verdict,
    told: { readonly actor: string; readonly reason?: string },
  ): Promise<Connection>;
  /** Calls the listener after each change of a verdict, before the change resolves; its errors reject the change. */
  onVerdict(listener: (change: VerdictChange) => void | Promise<void>): void;
  /** Records the keys that the customer's cloud now has; an upload replaces all earlier ones. */
  setUploaded(id: string, kids: readonly string[]): Promise<Connection>;
  remove(id: string): Promise<void>;
}

export function createConnections(options: {
  store: Store;
  tenants: Pick<Tenants, 'issuerOf'>;
  now: Now;
  /** Algorithms for which this server has keys. */
  algorithms: readonly Algorithm[];
}): Connections {
  const { store, tenants, now, algorithms } = options;
  const kept = records<Connection>(store, 'connection', 'connection_not_found', unknownInConnection);
  const principals = createSharedPrincipals(store);
  const stamp = () => toTimestamp(now());
  const listeners: ((change: VerdictChange) => void | Promise<void>)[] = [];
  const tell = async (from: Verdict, connection: Connection, told: { actor: string; reason?: string }) => {
    const { verdict: to } = connection;
    if (from !== to) for (const listener of listeners) await listener({ connection, from, to, ...told });
  };

  return {
    async create({ tenant: { tenant, add }, token_ttl, algorithm, ...fields }) {
      await principals.declare({ ...fields, tenant: tenant.id });
      const createdAt = stamp();
      const unissued: Omit<Connection, 'issuer'> = {
        id: newId('con', now),
        ...fields,
        tenant: tenant.id,
        algorithm: chooseAlgorithm(cloudOf(fields.cloud).entry(fields.target), algorithms, algorithm),
        token_ttl: token_ttl ?? null,
        verdict: 'pending',
        disabled: false,
        created_at: createdAt,
        updated_at: createdAt,
        verified_at: null,
      };
      try {
        return await add(async (newest, ifUnchanged) => {
          const connection = { ...unissued, issuer: tenants.issuerOf(newest) };
          const { id } = connection;
          const isInserted = await store.insert('connection', id, connection, {
            within: newest.id,
            ifUnchanged,
          });
          return isInserted ? connection : undefined;
        });
      } catch (error) {
        if (error instanceof SojournError && error.code === 'tenant_not_found')
          throw invalidRequest([unknownTenant]);
        throw error;
      }
    },

    find: kept.find,
    get: kept.get,
    list: kept.list,

    async update(id, change) {
      let from: Verdict = 'pending';
      const after = await kept.change(id, async (connection) => {
        from = connection.verdict;
        const target = merge(connection, change.target);
        requireSharedPrincipal(connection, target, change.target);
        if (change.target) await principals.declare({ ...connection, target });
        const purposes = change.purposes ?? connection.purposes;
        const isRetargeted = !isDeepStrictEqual(target, connection.target);
        return unlessSame(connection, {
          ...connection,
          name: change.name ?? connection.name,
          labels: change.labels ?? connection.labels,
          target,
          // Validates existing purposes too: with another target, a purpose must still narrow it.
          ...(purposes ? { purposes: readPurposes(connection.cloud, target, purposes) } : {}),
          algorithm: chooseAlgorithm(
            cloudOf(connection.cloud).entry(target),
            algorithms,
            change.algorithm ?? connection.algorithm,
          ),
          token_ttl: change.token_ttl === undefined ? connection.token_ttl : change.token_ttl,
          ...(change.approval === undefined ? {} : { approval: change.approval }),
          // A changed target has not been verified.
          verdict: isRetargeted ? 'pending' : connection.verdict,
          ...(isRetargeted && connection.uploaded_kids ? { uploaded_kids: [] } : {}),
          updated_at: stamp(),
        });
      });
      await tell(from, after, { actor: 'admin' });
      return after;
    },

    setDisabled: (id, disabled) =>
      kept.change(id, (connection) => ({ ...connection, disabled, updated_at: stamp() })),

    adopt: (verified, issuer) =>
      kept.change(verified.id, (connection) =>
        sameTarget(connection, verified) ? { ...connection, issuer, updated_at: stamp() } : connection,
      ),

    async report(id, fields) {
      let from: Verdict = 'pending';
      const after = await kept.change(id, async (connection) => {
        from = connection.verdict;
        const target = reportedTarget(connection, fields);
        if (isDeepStrictEqual(target, connection.target)) return connection;
        if (hasBeenActive(connection)) throw new SojournError('target_locked');
        await principals.refuseReported({ ...connection, target });
        return { ...connection, target, verdict: 'pending', updated_at: stamp() };
      });
      await tell(from, after, { actor: 'customer' });
      return after;
    },

    checkReport: (connection, fields) =>
      principals.refuseReported({ ...connection, target: reportedTarget(connection, fields) }),
    undeclared: principals.undeclared,

    pause: (id, invitation) =>
      kept.change(id, (connection) =>
        connection.paused_at
          ? connection
          : { ...connection, paused_at: stamp(), paused_by: invitation, updated_at: stamp() },
      ),

    resume: (id, mayLift) =>
      kept.change(id, async ({ paused_at: _, paused_by, ...connection }) => {
        if (paused_by !== undefined && !(await mayLift(paused_by))) throw new SojournError('pause_not_owned');
        return { ...connection, updated_at: stamp() };
      }),

    async setVerdict(found, verdict, told) {
      let from: Verdict = verdict;
      const after = await kept.change(found.id, (connection) => {
        from = connection.verdict;
        if (!sameTarget(connection, found)) return connection;
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
      const verification = await store.get('verification', id);
      if (verification) await store.remove('verification', id, verification.version);
    },
  };
}
