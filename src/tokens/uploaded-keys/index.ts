/**
 * Keys that customers upload to their cloud by hand. Owns: the list of these keys for a connection, and the list of
 * connections that postpone a rotation, because the upload of the next key is not confirmed (`obstacles`). Does not own: the
 * confirmation, which is stored in the connection. Compose passes `obstacles` to the key rings, which call it before a key
 * may sign; the set-up files contain the keys.
 */

import { type Connection, type Connections, resolveConnection } from '../../access/connections/index.ts';
import type { UploadedKey } from '../../clouds/index.ts';
import { allItems } from '../../platform/store/index.ts';
import type { Issuers } from '../issuer/index.ts';
import { type Keyrings, type KeyState, mainRing, type PublicJwk } from '../keys/index.ts';

export interface Uploads {
  /** The active key first, then the next one, then retired keys, newest first. */
  keysFor(connection: Connection): Promise<readonly UploadedKey[]>;
  /** Why this key of the ring must not sign yet, for the operator. */
  obstacles(ring: string, key: PublicJwk): Promise<readonly string[]>;
}

const order: readonly KeyState[] = ['active', 'next', 'retired'];
/** Limit of the connection ids in an obstacle, because an issuer may have very many connections. */
const maxListed = 10;

export function createUploads(options: {
  connections: Pick<Connections, 'list'>;
  issuers: Pick<Issuers, 'ringOf'>;
  keyrings: Pick<Keyrings, 'main' | 'of'>;
}): Uploads {
  const { connections, issuers, keyrings } = options;

  /**
   * Whether the customer's cloud lacks the key: the connection is verified and enabled, and the upload is not confirmed.
   */
  async function isKeyMissing(connection: Connection, ring: string, key: PublicJwk): Promise<boolean> {
    const { disabled, verified_at, algorithm, uploaded_kids = [] } = connection;
    if (disabled || verified_at === null || algorithm !== key.alg || uploaded_kids.includes(key.kid))
      return false;
    const { destination } = resolveConnection(connection);
    return destination.uploadsKeys === true && (await issuers.ringOf(connection)) === ring;
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
      const missing: string[] = [];
      for await (const connection of allItems(connections.list, within))
        if (await isKeyMissing(connection, ring, key)) missing.push(connection.id);
      if (missing.length === 0) return [];
      const more = missing.length > maxListed ? ` and ${missing.length - maxListed} more` : '';
      return [`not yet uploaded for ${missing.slice(0, maxListed).join(', ')}${more}`];
    },
  };
}
