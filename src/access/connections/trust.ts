/** Whether connections rely on an issuer; if so, its keys must never be replaced by new ones. */
import type { Store } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

/** True if no connection uses the tenant's own issuer or, without `tenant`, if there are no connections at all. */
export async function isIssuerUnused(
  store: Store,
  tenant: { id: string; issuer: string } | undefined,
): Promise<boolean> {
  let after: string | undefined;
  do {
    const page = await store.list<Connection>('connection', {
      ...(tenant && { within: tenant.id }),
      ...(after === undefined ? {} : { after }),
      limit: tenant ? 200 : 1,
    });
    if (page.items.some(({ value }) => !tenant || value.issuer === tenant.issuer)) return false;
    after = page.next;
  } while (after !== undefined);
  return true;
}
