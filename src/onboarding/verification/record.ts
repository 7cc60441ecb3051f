/** The stored result of the latest verification, signed by the issuer so that a customer can archive and present it. */

import type { ConnectionState } from '../../access/connections/index.ts';
import type { CloudName } from '../../clouds/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Check } from './check.ts';

export interface VerificationRecord {
  readonly connection: string;
  readonly name: string;
  readonly tenant: string;
  readonly cloud: CloudName;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly algorithm: string;
  readonly verdict: 'active' | 'failing';
  /** The connection's state after the verification. */
  readonly state: ConnectionState;
  readonly actor: string;
  /** Times are RFC 3339. */
  readonly started_at: string;
  readonly finished_at: string;
  /** When the server repeats the verification; null if no check is undecided. */
  readonly retry_at: string | null;
  readonly checks: readonly Check[];
}

export interface StoredVerification {
  readonly verification: VerificationRecord;
  /** JWS with `typ` sojourn-verification+jwt; its one claim besides the issuer's is `verification`. */
  readonly jws: string;
  /** Since when refusals are attributed to propagation, in milliseconds since the epoch. */
  readonly propagating_since?: number;
}

export const findVerification = async (
  store: Store,
  connection: string,
): Promise<StoredVerification | undefined> =>
  (await store.get<StoredVerification>('verification', connection))?.value;

/** Replaces the previous one. Of two concurrent writes the later one wins. */
export async function storeVerification(
  store: Store,
  { id, tenant }: { id: string; tenant: string },
  stored: StoredVerification,
) {
  for (;;) {
    const previous = await store.get('verification', id);
    if (
      previous
        ? await store.replace('verification', id, previous.version, stored)
        : await store.insert('verification', id, stored, { within: tenant })
    )
      return;
  }
}
