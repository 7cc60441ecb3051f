/** The connections whose set-up came first: their resources exist in the customer's cloud. */
import { type Connection, type Connections, hasBeenActive } from '../../access/connections/index.ts';
import type { EstablishedConnection } from '../../clouds/index.ts';

/** The oldest: their set-ups came first. A bound, because each view of a customer's page reads them. */
const maxRead = 100;

/** The connections of a tenant that have ever been active, among its oldest ones. */
export async function activatedConnections(
  tenant: string,
  connections: Pick<Connections, 'list'>,
): Promise<readonly Connection[]> {
  const { items } = await connections.list({ within: tenant, limit: maxRead });
  return items.filter(hasBeenActive);
}

/**
 * A connection that was active later does not count: it may share what the set-up of this one created, and new files of this
 * one without a resource would delete the resource.
 */
export const establishedBefore = (
  connection: Connection,
  activated: readonly Connection[],
): readonly EstablishedConnection[] =>
  activated
    .filter((other) => hasSameTrust(other, connection) && wasActiveBefore(other, connection))
    .map(({ id, target }) => ({ id, target }));

const hasSameTrust = (other: Connection, { id, cloud, issuer }: Connection): boolean =>
  other.id !== id && other.cloud === cloud && other.issuer === issuer;

/** Without `activated_at`, a connection became active before the field existed. */
const wasActiveBefore = (other: Connection, connection: Connection): boolean =>
  !hasBeenActive(connection) || (other.activated_at ?? '') < (connection.activated_at ?? '');
