/** The sealed part of an open log: its checkpoint, checked, and the key that signed it. */
import { type AuditCheckpoint, readSeal } from '../../platform/audit/index.ts';
import { type VerifierKey, verifierKey } from '../../platform/merkle/index.ts';
import type { Seal } from '../../platform/store/index.ts';
import type { OpenLog } from './open.ts';

export interface SealedLog {
  readonly seal: Seal;
  readonly checkpoint: AuditCheckpoint;
  readonly key: VerifierKey;
}

/**
 * Undefined before the first checkpoint.
 * @throws {SojournError} `journal_damaged` if the key beside the log did not sign the checkpoint
 */
export async function readSealedLog({ view, readJournalKey }: OpenLog): Promise<SealedLog | undefined> {
  const seal = await view.log.sealed();
  if (!seal) return undefined;
  const jwk = await readJournalKey();
  const checkpoint = readSeal(seal, { jwk });
  return { seal, checkpoint, key: verifierKey(checkpoint.origin, jwk!) };
}
