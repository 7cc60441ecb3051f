/**
 * Tokens that a customer's cloud must refuse, to see that it does. The composition root takes the one prober that there
 * is and hands it to the verification; after that nobody else can come by one.
 */
import { type Connection, resolveConnection } from '../../access/connections/index.ts';
import type { SignedToken } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { Keyring } from '../keys/index.ts';
import { type Claims, cloudHeader, type Deviation, probeClaims } from './claims.ts';
import { newJti } from './grant.ts';
import { signJws } from './jws.ts';

export interface Prober {
  /** Lives for a minute. Rejects with `internal` when it deviates in nothing, for then it would be a real token. */
  mint(
    connection: Connection,
    deviation: Deviation,
  ): Promise<SignedToken & { readonly kid: string; readonly claims: Claims }>;
}

/** Seconds: enough for one visit to a cloud, further tries included. */
const life = 60;

/** What hands the prober out, the first time that it is called. */
export function onlyProber(keyringOf: (connection: Connection) => Promise<Keyring>, now: Now): () => Prober {
  let taken = false;
  return () => {
    if (taken) throw new SojournError('internal', { cause: new Error('the prober was taken before') });
    taken = true;
    return {
      async mint(connection, deviation) {
        const keyring = await keyringOf(connection);
        const { alg, kid } = keyring.active(connection.algorithm);
        const jti = newJti();
        const claims = probeClaims(
          resolveConnection(connection),
          { iat: toSeconds(now()), ttl: life, jti },
          deviation,
        );
        return { token: await signJws(keyring, { alg, ...cloudHeader, kid }, claims), jti, kid, claims };
      },
    };
  };
}
