/** Whether connections rely on an issuer; if so, its keys must never be replaced by new ones. */
import { allItems, type Store } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

/** True if no connection uses the tenant's own issuer or, without `tenant`, if there are no connections at all. */
export async function isIssuerUnused(
  store: Store,
  tenant: { id: string; issuer: string } | undefined,
): Promise<boolean> {
  const connections = allItems(
    (query) => store.list<Connection>('connection', query),
    tenant ? { within: tenant.id } : {},
    tenant ? undefined : 1,
  );
  for await (const { value } of connections) if (!tenant || value.issuer === tenant.issuer) return false;
  return true;
}
