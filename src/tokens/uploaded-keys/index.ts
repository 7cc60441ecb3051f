/**
 * Keys that customers upload to their cloud by hand. Owns: which keys those are for a connection, and which connections
 * hold a rotation back since nobody has said that the next key is there. Does not own: what the customer said, which
 * stands on the connection. Compose asks before a key may sign; the set-up files carry the keys.
 */

import { type Connection, type Connections, destinationOf } from '../../access/connections/index.ts';
import type { UploadedKey } from '../../clouds/index.ts';
import type { Issuers } from '../issuer/index.ts';
import { type Keyrings, type KeyState, mainRing, type PublicJwk } from '../keys/index.ts';

export interface Uploads {
  /** The next key and the active one first, then retired ones, the newest first. */
  keysFor(connection: Connection): Promise<readonly UploadedKey[]>;
  /** What stands against letting this key of the ring sign, in words for the operator. */
  obstacles(ring: string, key: PublicJwk): Promise<readonly string[]>;
}

const order: readonly KeyState[] = ['active', 'next', 'retired'];
/** Ids that are told; an issuer may have very many connections. */
const maxListed = 10;

export function createUploads(options: {
  connections: Pick<Connections, 'list'>;
  issuers: Pick<Issuers, 'ringOf'>;
  keyrings: Pick<Keyrings, 'main' | 'of'>;
}): Uploads {
  const { connections, issuers, keyrings } = options;

  /** Whether its customer's cloud would not know the key: one that is set up, in use, and was not told to hold it. */
  async function isKeyMissing(connection: Connection, ring: string, key: PublicJwk): Promise<boolean> {
    const { disabled, verified_at, algorithm, uploaded_kids = [] } = connection;
    if (disabled || verified_at === null || algorithm !== key.alg || uploaded_kids.includes(key.kid))
      return false;
    return destinationOf(connection).uploadsKeys === true && (await issuers.ringOf(connection)) === ring;
  }

  return {
    async keysFor(connection) {
      const ring = await issuers.ringOf(connection);
      const keyring = ring === mainRing ? keyrings.main : await keyrings.of(ring);
      return keyring
        .list()
        .filter(({ alg, state }) => alg === connection.algorithm && order.includes(state))
        .toSorted(
          (a, b) =>
            order.indexOf(a.state) - order.indexOf(b.state) || (b.retired_at ?? 0) - (a.retired_at ?? 0),
        )
        .map(({ jwk }) =>
          Object.fromEntries(Object.entries(jwk).map(([name, value]) => [name, String(value)])),
        );
    },

    async obstacles(ring, key) {
      const within = ring === mainRing ? {} : { within: ring };
      const found: string[] = [];
      let after: string | undefined;
      do {
        const page = await connections.list({
          ...within,
          ...(after === undefined ? {} : { after }),
          limit: 200,
        });
        for (const one of page.items) if (await isKeyMissing(one, ring, key)) found.push(one.id);
        after = page.next;
      } while (after !== undefined);
      if (found.length === 0) return [];
      const more = found.length > maxListed ? ` and ${found.length - maxListed} more` : '';
      return [`not yet uploaded for ${found.slice(0, maxListed).join(', ')}${more}`];
    },
  };
}
