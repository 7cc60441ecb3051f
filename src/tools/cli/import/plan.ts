/** Matches the rows with existing tenants and connections, and validates them against these. Pure. */
import type { Fault } from '../../../platform/errors/index.ts';
import type { ImportedCloud } from './cloud.ts';
import type { ImportRow } from './rows.ts';

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
  /** Undefined if it must be created. */
  readonly tenant: ExistingTenant | undefined;
  readonly connection: ExistingConnection | undefined;
}

/** A connection is identified by its name within its tenant, so importing a file again creates no duplicates. */
export function planImport(
  { name: cloudName, title, tableImport }: ImportedCloud,
  rows: readonly ImportRow[],
  tenants: readonly ExistingTenant[],
  connections: readonly ExistingConnection[],
): { rows: readonly PlannedRow[]; faults: readonly Fault[] } {
  const tenantsById = new Map(tenants.map((tenant) => [tenant.id, tenant]));
  const tenantsByName = Map.groupBy(tenants, ({ name }) => name);
  const connectionsByKey = Map.groupBy(connections, ({ tenant, name }) => JSON.stringify([tenant, name]));
  const firstLines = new Map<string, number>();
  const faults: Fault[] = [];

  const planned = rows.map((row): PlannedRow => {
    const fault = (path: string, message: string) =>
      faults.push({ path: `line ${row.line}, ${path}`, message });
    const sameName = tenantsByName.get(row.tenant) ?? [];
    if (row.tenant.startsWith('ten_') && !tenantsById.has(row.tenant)) fault('tenant', 'does not exist');
    if (sameName.length > 1)
      fault('tenant', `must be an id, because ${sameName.length} tenants have this name`);
    const tenant = tenantsById.get(row.tenant) ?? sameName[0];
    const key = JSON.stringify([tenant?.id ?? row.tenant, row.name]);
    const firstLine = firstLines.get(key);
    if (firstLine === undefined) firstLines.set(key, row.line);
    else fault('name', `is the same as in line ${firstLine}, for the same tenant`);
    const [connection, ...others] = (tenant && connectionsByKey.get(key)) ?? [];
    if (others.length > 0)
      fault('name', `is ambiguous: ${others.length + 1} connections of the tenant have it`);
    if (connection && connection.cloud !== cloudName)
      fault('name', `belongs to ${connection.id}, which is not a connection to ${title}`);
    const conflict = connection && tableImport.conflictOf(row, connection);
    if (conflict) fault(conflict.path, conflict.message);
    return { row, tenant, connection };
  });
  return { rows: planned, faults };
}
