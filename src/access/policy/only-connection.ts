/** The connection of a token request that names none. */
import { allItems } from '../../platform/store/index.ts';
import type { Client, Rule } from '../clients/index.ts';
import type { Connections } from '../connections/index.ts';
import { matchesSelector } from './evaluate.ts';

/**
 * The only connection that the client's rules select; undefined if there are or could be others: for a rule without
 * connection and tenant, the connections are not counted. Whether the client may use it now is decided afterwards.
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
  for await (const connection of allItems(connections.list, { within: tenant })) {
    if (matchesSelector(rule, connection)) ids.add(connection.id);
    if (ids.size > 1) return;
  }
}
