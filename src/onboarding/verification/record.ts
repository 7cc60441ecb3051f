/** The stored result of the latest verification, signed by the issuer so that a customer can archive and present it. */
import { z } from 'zod';
import { connectionStates, type Verdict } from '../../access/connections/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { type Immutable, timestamp } from '../../platform/validation/index.ts';
import { checkRecord } from './check.ts';

export const verificationRecord = z.object({
  connection: z.string(),
  name: z.string(),
  tenant: z.string(),
  cloud: z.string(),
  issuer: z.string(),
  subject: z.string(),
  audience: z.string(),
  algorithm: z.string(),
  verdict: z.enum(['active', 'failing'] satisfies Verdict[]),
  /** The connection's state after the verification. */
  state: z.enum(connectionStates),
  actor: z.string(),
  started_at: timestamp,
  finished_at: timestamp,
  retry_at: timestamp.nullable().describe('When the server verifies it again; null if it does not.'),
  checks: z.array(checkRecord),
});

export type VerificationRecord = Immutable<z.output<typeof verificationRecord>>;

export interface StoredVerification {
  readonly verification: VerificationRecord;
  /** JWS with `typ` sojourn-verification+jwt; its one claim besides the issuer's is `verification`. */
  readonly jws: string;
  /** Since when refusals are attributed to propagation, in milliseconds since the epoch. */
  readonly propagating_since?: number;
  /** When an active connection was first seen to fail, in milliseconds since the epoch; absent once it works or is failing. */
  readonly failing_since?: number;
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
