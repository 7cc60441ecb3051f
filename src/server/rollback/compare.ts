/** Compares the store with the high-water mark of this replica. */
import { type AuditCheckpoint, marksIn, readSeal, readSealed } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { readFrontier, rootOf } from '../../platform/merkle/index.ts';
import type { Seal, Store } from '../../platform/store/index.ts';
import { readJournalJwk } from '../../tokens/keys/index.ts';
import type { Mark } from './mark-file.ts';
import { decreased, restorableMarks } from './marks.ts';

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
  const checkpoint = seal && orFault(() => readSeal(seal, signer));
  const marked = mark?.seal ?? undefined;
  const seen = marked && orFault(() => readSealed(marked, signer));
  // The MAC of the mark proves that it is one of this issuer.
  if (typeof seen === 'string')
    return { ...nothing, fault: 'its audit log has another key than before, or none' };
  const seenEpoch = seen?.epoch;
  if (typeof checkpoint === 'string') return { ...nothing, fault: checkpoint, seenEpoch };
  const epoch = checkpoint?.epoch ?? 0;
  if (epoch > (seenEpoch ?? 0)) return { fault: undefined, seal, epoch, seenEpoch };
  const found =
    marked && seen ? await loss(store, folder, { seal, checkpoint, seen, marks: marked.marks }) : undefined;
  return { fault: found ?? mark?.lost ?? undefined, seal, epoch, seenEpoch };
}

const nothing = { seal: undefined, epoch: 0, seenEpoch: undefined };

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
  const sealed = seal && marksIn(seal.marks);
  const current = await restorableMarks(store, folder);
  return (
    (await logFault(store, checkpoint, seen)) ??
    // The ring of a checkpoint may be one that was restored since.
    (sealed && decreased(marks, sealed, 'ring_revision')) ??
    (sealed && decreased(sealed, current)) ??
    decreased(marks, current)
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
  if (typeof root === 'string' || !Buffer.from(root).equals(seen.root))
    return `its audit log has other lines than before among the first ${seen.size}`;
  const [line] = await log.lines(checkpoint.size - 1, 1);
  return line?.sequence === checkpoint.size
    ? undefined
    : `its audit log lacks the line ${checkpoint.size}, which is sealed`;
}

const faultOf = (error: unknown): string => {
  if (error instanceof SojournError && error.code === 'journal_damaged') return error.message;
  throw error;
};

function orFault<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return faultOf(error);
  }
}
