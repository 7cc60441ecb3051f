/** What of the wanted is there already, and what is wrong with the file as seen from the server. Pure. */
import type { Fault } from '../../../platform/errors/index.ts';
import { accountLabel, type ImportRow } from './rows.ts';

export interface ExistingTenant {
  readonly id: string;
  readonly name: string;
}

export interface ExistingConnection {
  readonly id: string;
  readonly name: string;
  readonly tenant: string;
  readonly cloud: string;
  readonly state: string;
  readonly target: Readonly<Record<string, unknown>>;
}

export interface PlannedRow {
  readonly row: ImportRow;
  /** Undefined where it has to be made. */
  readonly tenant: ExistingTenant | undefined;
  readonly connection: ExistingConnection | undefined;
}

/** A connection is known by its name within its tenant: so the same file again makes nothing twice. */
export function planImport(
  wanted: readonly ImportRow[],
  tenants: readonly ExistingTenant[],
  connections: readonly ExistingConnection[],
): { planned: readonly PlannedRow[]; faults: readonly Fault[] } {
  const byId = new Map(tenants.map((one) => [one.id, one]));
  const byName = Map.groupBy(tenants, ({ name }) => name);
  const there = Map.groupBy(connections, ({ tenant, name }) => JSON.stringify([tenant, name]));
  const first = new Map<string, number>();
  const faults: Fault[] = [];

  const planned = wanted.map((one): PlannedRow => {
    const fault = (path: string, message: string) =>
      faults.push({ path: `line ${one.line}, ${path}`, message });
    const named = byName.get(one.tenant) ?? [];
    if (one.tenant.startsWith('ten_') && !byId.has(one.tenant)) fault('tenant', 'there is no such tenant');
    if (named.length > 1) fault('tenant', `${named.length} tenants have this name: give the id of one`);
    const tenant = byId.get(one.tenant) ?? named[0];
    const key = JSON.stringify([tenant?.id ?? one.tenant, one.name]);
    const before = first.get(key);
    if (before === undefined) first.set(key, one.line);
    else fault('name', `is the same as in line ${before}, for the same tenant`);
    const [connection, ...others] = (tenant && there.get(key)) ?? [];
    if (others.length > 0) fault('name', `${others.length + 1} connections of the tenant have this name`);
    if (connection && connection.cloud !== 'aws')
      fault('name', `${connection.id} has it, which is not to AWS`);
    const { role_arn } = one.target;
    const known = connection?.target.role_arn;
    if (role_arn !== undefined && known !== undefined && known !== role_arn)
      fault('role_arn', `is not the one that ${connection?.id} has, ${String(known)}`);
    else if (typeof known === 'string' && known.split(':')[4] !== one.labels[accountLabel])
      fault('account_id', `is not the account of the role that ${connection?.id} has, ${known}`);
    return { row: one, tenant, connection };
  });
  return { planned, faults };
}
