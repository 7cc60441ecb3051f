/** Compares the store with the high-water mark of this replica. */
import {
  type AuditCheckpoint,
  type CheckpointSigner,
  marksIn,
  readSeal,
  readSealed,
} from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { readFrontier, rootOf } from '../../platform/merkle/index.ts';
import type { Seal, Store } from '../../platform/store/index.ts';
import { readJournalJwk } from '../../tokens/keys/index.ts';
import type { Mark } from './mark-file.ts';
import { currentMarks, decreased } from './marks.ts';

export interface Comparison {
  /** What the store lost; undefined if it has all that the mark states. */
  readonly fault: string | undefined;
  /** The last seal of the store, if it is one of this issuer. */
  readonly seal: Seal | undefined;
  /** How many rollbacks were accepted in the store, and in the mark. */
  readonly epoch: number;
  readonly seenEpoch: number | undefined;
}

export async function compareWithMark(
  { store, folder }: { readonly store: Store; readonly folder: string },
  mark: Mark | undefined,
): Promise<Comparison> {
  const signer = { jwk: await readJournalJwk(store, folder) };
  const seal = await store.log.sealed();
  const checkpoint = seal && readOrFault(seal, signer);
  const seen = mark?.seal ? readSealed(mark.seal, signer) : undefined;
  const seenEpoch = seen?.epoch;
  if (typeof checkpoint === 'string') return { fault: checkpoint, seal: undefined, epoch: 0, seenEpoch };
  const epoch = checkpoint?.epoch ?? 0;
  if (seen && epoch > seen.epoch) return { fault: undefined, seal, epoch, seenEpoch };
  const found =
    mark?.seal && seen
      ? await loss(store, folder, { seal, checkpoint, seen, marks: mark.seal.marks })
      : undefined;
  return { fault: found ?? mark?.lost ?? undefined, seal, epoch, seenEpoch };
}

async function loss(
  store: Store,
  folder: string,
  found: {
    seal: Seal | undefined;
    checkpoint: AuditCheckpoint | undefined;
    seen: AuditCheckpoint;
    marks: string;
  },
): Promise<string | undefined> {
  const { seal, checkpoint, seen } = found;
  const marks = marksIn(found.marks);
  return (
    (await logFault(store, checkpoint, seen)) ??
    (seal && decreased(marks, marksIn(seal.marks))) ??
    decreased(seal ? marksIn(seal.marks) : marks, await currentMarks(store, folder))
  );
}

async function logFault(
  { log }: Store,
  checkpoint: AuditCheckpoint | undefined,
  seen: AuditCheckpoint,
): Promise<string | undefined> {
  if (!checkpoint) return `its audit log is empty, and had ${seen.size} lines`;
  if (checkpoint.epoch < seen.epoch) return 'it is from before a rollback that was accepted';
  if (checkpoint.size < seen.size)
    return `its audit log has ${checkpoint.size} sealed lines, and had ${seen.size}`;
  const root = await readFrontier(seen.size, log.tile).then(rootOf, faultOf);
  return typeof root !== 'string' && Buffer.from(root).equals(seen.root)
    ? undefined
    : `its audit log has other lines than before among the first ${seen.size}`;
}

const faultOf = (error: unknown): string => {
  if (error instanceof SojournError && error.code === 'journal_damaged') return error.message;
  throw error;
};

function readOrFault(seal: Seal, signer: Pick<CheckpointSigner, 'jwk'>): AuditCheckpoint | string {
  try {
    return readSeal(seal, signer);
  } catch (error) {
    return faultOf(error);
  }
}
