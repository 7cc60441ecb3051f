/** The connection that a client means by naming none. */
import type { Client, Rule } from '../clients/index.ts';
import type { Connections } from '../connections/index.ts';
import { covers } from './evaluate.ts';

/**
 * The only one that its rules name; undefined if there are others, or could be: a rule that names neither a connection
 * nor a tenant is not counted out. Whether it may be used now, and for what, is decided afterwards as for any other.
 */
export async function onlyConnection(connections: Connections, client: Client): Promise<string | undefined> {
  const ids = new Set<string>();
  for (const rule of client.may_use) {
    if (rule.connection !== undefined) {
      if (await connections.find(rule.connection)) ids.add(rule.connection);
    } else {
      if (rule.tenant === undefined) return undefined;
      await addUpToTwo(ids, connections, rule, rule.tenant);
    }
    if (ids.size > 1) return undefined;
  }
  return [...ids][0];
}

async function addUpToTwo(
  ids: Set<string>,
  connections: Connections,
  rule: Rule,
  tenant: string,
): Promise<void> {
  let after: string | undefined;
  do {
    const page = await connections.list({
      within: tenant,
      limit: 200,
      ...(after === undefined ? {} : { after }),
    });
    for (const one of page.items) if (ids.size < 2 && covers(rule, one)) ids.add(one.id);
    after = ids.size < 2 ? page.next : undefined;
  } while (after !== undefined);
}
