/**
 * Prunes lines that are due: writes them to an archive, reads the archive back from the disk, records the pruning in the log,
 * and only then removes the texts. A process that ends in between has removed nothing that is not archived and recorded, and
 * the next run prunes the rest.
 */
import { createAudit } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import type { Store } from '../../platform/store/index.ts';
import { systemNow } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { silentLogger, withStore } from '../backup/index.ts';
import { archiveLog, type Progress, type WrittenFile } from './archive.ts';
import { openConfiguredLog } from './open.ts';
import { pruneRecord, recordSpan } from './records.ts';
import { readSealedLog, type SealedLog } from './sealed-log.ts';
import { verifyFile } from './verify-file.ts';

/** Lines of one transaction; see `JournalLog.prune`. */
const batchSize = 4_096;

export async function pruneLog(
  config: Config,
  { file, progress }: { readonly file: string; readonly progress: Progress },
): Promise<WrittenFile> {
  const archive = await archiveLog(config, { file, all: false, progress });
  if (archive.sha256 === null) return archive;
  const { lines, sealed } = await readBack(config, file, archive);
  await withStore(config, async (store) => {
    let done = 0;
    for (const group of groupsOf(lines, recordSpan)) {
      await record(store, group, archive.sha256!, sealed);
      for (const batch of groupsOf(group, batchSize)) {
        if (!(await store.log.prune(batch))) throw unsealed();
        done += batch.length;
        progress(done);
      }
    }
  });
  return archive;
}

/** The lines that the file on the disk has. */
async function readBack(
  config: Config,
  file: string,
  archive: WrittenFile,
): Promise<{ readonly lines: readonly number[]; readonly sealed: SealedLog }> {
  const log = await openConfiguredLog(config);
  try {
    const sealed = await readSealedLog(log);
    if (!sealed) throw unsealed();
    const lines: number[] = [];
    const result = await verifyFile(file, {
      key: sealed.key,
      async onLine({ line }) {
        lines.push(line);
        return undefined;
      },
    });
    if (result.verified && result.sha256 === archive.sha256 && lines.length === archive.lines)
      return { lines, sealed };
    throw new SojournError('state_unusable', {
      detail: `The archive ${file} cannot be read back: ${result.fault?.detail ?? 'its SHA-256 differs'} Nothing was pruned.`,
      advice: 'Check the disk, and prune again to another file.',
    });
  } finally {
    await log.view.close();
  }
}

function record(store: Store, lines: readonly number[], archive: string, { checkpoint }: SealedLog) {
  const audit = createAudit({ store, logger: silentLogger, now: systemNow, onFailure: 'refuse' });
  return audit.record(pruneRecord({ lines, archive }, checkpoint));
}

/** Consecutive lines in groups that each span at most `span` numbers. */
function* groupsOf(lines: readonly number[], span: number): Generator<readonly number[]> {
  for (let start = 0; start < lines.length; ) {
    let end = start;
    while (end < lines.length && lines[end]! < lines[start]! + span) end++;
    yield lines.slice(start, end);
    start = end;
  }
}

const unsealed = () =>
  new SojournError('store_rolled_back', {
    detail:
      'The store does not have the checkpoint any more that covers the lines; not all lines were pruned.',
  });
