/**
 * Who may enter where. Owns: the one decision, taken by /token and by the exchange alike, and the list of what no caller
 * may choose. Does not own: the rules (they stand on the client), or what happens afterwards.
 */
import type { Client, Rule } from '../clients/index.ts';
import type { Connection, Connections } from '../connections/index.ts';

export { isNeverTheCallers } from './choices.ts';

/** Whether one rule admits to the connection. Pure. */
export const admits = (rule: Rule, connection: Connection): boolean =>
  'connection' in rule ? rule.connection === connection.id : rule.tenant === connection.tenant;

export const mayUse = (client: Client, connection: Connection): boolean =>
  !client.disabled && client.may_use.some((rule) => admits(rule, connection));

/**
 * The connection, if it exists and the client may use it. One answer for both refusals: what is not yours is not there.
 */
export async function admit(
  connections: Connections,
  client: Client,
  id: string,
): Promise<Connection | undefined> {
  const connection = await connections.find(id);
  return connection && mayUse(client, connection) ? connection : undefined;
}

/** The connection that a client means by naming none: the only one that it may use; undefined if there are others. */
export async function onlyConnection(connections: Connections, client: Client): Promise<string | undefined> {
  const ids = new Set<string>();
  for (const rule of client.may_use) {
    if ('connection' in rule) {
      if (await connections.find(rule.connection)) ids.add(rule.connection);
    } else {
      const { items } = await connections.list({ within: rule.tenant, limit: 2 });
      for (const { id } of items) ids.add(id);
    }
    if (ids.size > 1) return undefined;
  }
  return [...ids][0];
}
