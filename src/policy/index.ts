/**
 * Who may enter where. Owns: the one decision, taken by /token and by the exchange alike, and the list of what no caller
 * may choose. Does not own: the rules (they stand on the client), or what happens afterwards.
 */
import type { Client, Rule } from '../clients/index.ts';
import type { Connection, Connections } from '../connections/index.ts';

export { isNeverTheCallers } from './choices.ts';

/** Whether one rule admits to the connection: everything that it names must hold. Pure. */
export function admits(rule: Rule, connection: Connection): boolean {
  const { connection: one, tenant, cloud, labels } = rule;
  return (
    // A rule with nothing in it is refused when it is saved, and would be no rule for everything here either.
    Object.keys(rule).length > 0 &&
    (one === undefined || one === connection.id) &&
    (tenant === undefined || tenant === connection.tenant) &&
    (cloud === undefined || cloud === connection.cloud) &&
    Object.entries(labels ?? {}).every(
      ([name, value]) => Object.hasOwn(connection.labels, name) && connection.labels[name] === value,
    )
  );
}

export const mayUse = (client: Client, connection: Connection): boolean =>
  !client.disabled && client.may_use.some((rule) => admits(rule, connection));

/** The decision, and what it rests on. */
export interface Decision {
  readonly allowed: boolean;
  readonly because: 'rule' | 'no_rule' | 'client_disabled' | 'connection_disabled';
  /** The first rule that admits, and its place in `may_use`; null where none does. */
  readonly rule: (Rule & { readonly index: number }) | null;
}

/** For people who ask why; says no exactly where a client would hear no. Pure. */
export function explain(client: Client, connection: Connection): Decision {
  const index = client.may_use.findIndex((rule) => admits(rule, connection));
  const rule = client.may_use[index];
  const decided = { rule: rule ? { ...rule, index } : null };
  if (client.disabled) return { allowed: false, because: 'client_disabled', ...decided };
  if (!rule) return { allowed: false, because: 'no_rule', ...decided };
  if (connection.disabled) return { allowed: false, because: 'connection_disabled', ...decided };
  return { allowed: true, because: 'rule', ...decided };
}

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

/**
 * The connection that a client means by naming none: the only one that it may use; undefined if there are others, or
 * could be: a rule that names neither a connection nor a tenant is not counted out.
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
    for (const one of page.items) if (ids.size < 2 && admits(rule, one)) ids.add(one.id);
    after = ids.size < 2 ? page.next : undefined;
  } while (after !== undefined);
}
