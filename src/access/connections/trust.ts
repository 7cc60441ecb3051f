/** Whether connections rely on the own issuer of a tenant; if so, its keys must never be replaced by new ones. */
import { allItems, type Store } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

export async function isIssuerUnused(
  store: Store,
  tenant: { readonly id: string; readonly issuer: string },
): Promise<boolean> {
  const connections = allItems((query) => store.list<Connection>('connection', query), { within: tenant.id });
  for await (const { value } of connections) if (value.issuer === tenant.issuer) return false;
  return true;
}
