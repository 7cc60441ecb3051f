/** What credentials depend on: the connection, its purpose and its approval. */
import type { ResolvedConnection } from '../../access/connections/index.ts';
import type { AuthorizedUse } from '../../access/policy/index.ts';

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
