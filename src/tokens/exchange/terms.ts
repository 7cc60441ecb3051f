/** What credentials depend on: the connection, its purpose and its approval, and who decides about them. */
import type { Clients } from '../../access/clients/index.ts';
import type { ResolvedConnection } from '../../access/connections/index.ts';
import type { AuthorizedUse, Policy } from '../../access/policy/index.ts';
import type { Suspensions } from '../../access/suspension/index.ts';

/** What the credentials depend on; those of other terms must not be served. */
export function termsOf({ connection, purpose, notAfter }: AuthorizedUse): string {
  const { target, purposes = {}, algorithm, issuer, token_ttl } = connection;
  return JSON.stringify([target, purpose, purposes[purpose ?? ''], algorithm, issuer, token_ttl, notAfter]);
}

/** A changed or narrowed connection has its own credentials, and so has an approval that ends at another time. */
export const cacheKey = (
  { connection: { id, target, algorithm, issuer, token_ttl } }: ResolvedConnection,
  notAfter: number | undefined,
): string => JSON.stringify([id, issuer, algorithm, target, token_ttl, notAfter]);

/** For cached credentials: may continue during an outage of the store. */
export interface KnownAccess {
  readonly policy: Policy;
  readonly clients: Pick<Clients, 'find'>;
  readonly suspensions: Pick<Suspensions, 'assertIssuing'>;
}
