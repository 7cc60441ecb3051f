/** Whether anybody relies on an issuer: then its keys must never be made anew. */
import type { Store } from '../../platform/store/index.ts';
import type { Connection } from './connection.ts';

/** Whether no connection is registered at the issuer: at the tenant's own, or, without one, at any. */
export async function nobodyTrusts(
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
