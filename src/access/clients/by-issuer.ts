/**
 * Some federated clients by issuer, to say by what a refused token differs from the nearest client. In memory, so that a
 * token that matches no client costs no read of many clients.
 */
import type { Elapsed } from '../../platform/time/index.ts';

export interface ByIssuer<Client> {
  of(issuers: readonly string[]): Promise<readonly Client[]>;
  /** Call it after a change of any client. */
  forget(): void;
}

/** Enough for a hint; with more clients, some refusals name none. */
const maxClients = 200;
/** Changes by other replicas are visible after this time. */
const maxAgeMs = 10_000;

export function createByIssuer<Client extends { readonly auth: object }>(
  list: (query: { limit: number }) => Promise<{ items: readonly Client[] }>,
  elapsed: Elapsed,
): ByIssuer<Client> {
  let snapshot: { readonly readAt: number; readonly clients: Promise<Map<string, Client[]>> } | undefined;

  const read = async (): Promise<Map<string, Client[]>> => {
    const { items } = await list({ limit: maxClients });
    return Map.groupBy(items, ({ auth }) => ('issuer' in auth ? String(auth.issuer) : ''));
  };

  return {
    async of(issuers) {
      if (!snapshot || elapsed() - snapshot.readAt > maxAgeMs) {
        const clients = read();
        snapshot = { readAt: elapsed(), clients };
        clients.catch(() => {
          snapshot = undefined;
        });
      }
      const clients = await snapshot.clients;
      return issuers.flatMap((issuer) => (issuer === '' ? [] : (clients.get(issuer) ?? [])));
    },
    forget() {
      snapshot = undefined;
    },
  };
}
