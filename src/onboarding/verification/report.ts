/** What a verification found, signed by the issuer, so that a customer can keep it and show it. The latest one is kept. */

import type { ConnectionState } from '../../access/connections/index.ts';
import type { CloudName } from '../../clouds/index.ts';
import type { Store } from '../../platform/store/index.ts';
import type { Check } from './check.ts';

export interface Report {
  readonly connection: string;
  readonly name: string;
  readonly tenant: string;
  readonly cloud: CloudName;
  readonly issuer: string;
  readonly subject: string;
  readonly audience: string;
  readonly algorithm: string;
  readonly verdict: 'active' | 'failing';
  /** Of the connection, after this. */
  readonly state: ConnectionState;
  readonly actor: string;
  /** RFC 3339, as the others. */
  readonly started_at: string;
  readonly finished_at: string;
  /** When it is tried again by itself; null where nothing is open. */
  readonly retry_at: string | null;
  readonly checks: readonly Check[];
}

export interface KeptReport {
  readonly report: Report;
  /** The report signed: `typ` sojourn-verification+jwt, its one claim is `report`. */
  readonly jws: string;
  /** Since when a refusal has been put down to a change that is not everywhere yet, in milliseconds. */
  readonly propagating_since?: number;
}

export const findReport = async (store: Store, connection: string): Promise<KeptReport | undefined> =>
  (await store.get<KeptReport>('report', connection))?.value;

/** In the place of the one before; of two at once the later one stays. */
export async function keepReport(
  store: Store,
  { id, tenant }: { id: string; tenant: string },
  kept: KeptReport,
) {
  for (;;) {
    const before = await store.get('report', id);
    if (
      before
        ? await store.replace('report', id, before.version, kept)
        : await store.insert('report', id, kept, { within: tenant })
    )
      return;
  }
}
