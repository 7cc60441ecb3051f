/**
 * Tokens that a customer's cloud must refuse; the verification checks that it does. There is one prober. The composition
 * root takes it for the verification, so no other module can sign such tokens.
 */
import type { Connection, ResolvedConnection } from '../../access/connections/index.ts';
import type { SignedToken } from '../../clouds/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { type Now, toSeconds } from '../../platform/time/index.ts';
import type { Keyring } from '../keys/index.ts';
import { type Claims, cloudHeader, type Deviation, probeClaims } from './claims.ts';
import { newJti } from './issue-token.ts';
import { signJws } from './jws.ts';

export interface Prober {
  /** The token is valid for a minute. Rejects with `internal` if it could be a real token of a connection. */
  sign(
    resolved: ResolvedConnection,
    deviation: Deviation,
  ): Promise<SignedToken & { readonly kid: string; readonly claims: Claims }>;
}

/** Enough for one exchange with its retries. */
const ttlSeconds = 60;

/** Returns a function that gives the prober once. */
export function onlyProber(keyringOf: (connection: Connection) => Promise<Keyring>, now: Now): () => Prober {
  let taken = false;
  return () => {
    if (taken) throw new SojournError('internal', { cause: new Error('the prober is already taken') });
    taken = true;
    return {
      async sign(resolved, deviation) {
        const { connection } = resolved;
        const keyring = await keyringOf(connection);
        const { alg, kid } = keyring.active(connection.algorithm);
        const jti = newJti();
        const claims = probeClaims(resolved, { iat: toSeconds(now()), ttl: ttlSeconds, jti }, deviation);
        return { token: await signJws(keyring, { alg, ...cloudHeader, kid }, claims), jti, kid, claims };
      },
    };
  };
}
