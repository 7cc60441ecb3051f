/** Writes lines of the log to a file with their proofs: an archive of lines that are due, or an export of a tenant. */
import { systemNow, toTimestamp } from '../../platform/time/index.ts';
import type { Config } from '../../server/config/index.ts';
import { type FileHeader, fileText, type WrittenItem } from './line-file.ts';
import { requireNew, writeNewFile } from './new-file.ts';
import { type OpenLog, openConfiguredLog } from './open.ts';
import { dueLines } from './retention.ts';
import { readSealedLog, type SealedLog } from './sealed-log.ts';
import { type KeptLine, type LineSelection, linesAlone, linesByTile, selectedLines } from './write-lines.ts';

export interface LineSummary {
  readonly lines: number;
  readonly first: number | null;
  readonly last: number | null;
  /** RFC 3339. */
  readonly first_at: string | null;
  readonly last_at: string | null;
  /** Lines by event. */
  readonly events: Readonly<Record<string, number>>;
}

export interface WrittenFile extends LineSummary {
  /** Null if no line is due; then no file is written. */
  readonly file: string | null;
  /** In hexadecimal. */
  readonly sha256: string | null;
}

export type Progress = (lines: number) => void;

/** Writes the lines that are due, or all sealed lines. */
export function archiveLog(
  config: Config,
  { file, all, progress }: { readonly file: string; readonly all: boolean; readonly progress: Progress },
): Promise<WrittenFile> {
  requireNew(file);
  return withLog(config, (log, sealed) => {
    const isDue = all ? () => true : dueLines(config, systemNow());
    return writeLines(file, {
      log,
      sealed,
      isSelected: isDue,
      progress,
      kind: 'archive',
      proven: linesByTile,
    });
  });
}

/** Writes the sealed lines of one tenant. Their proofs contain hashes of other lines, and nothing else of them. */
export function exportTenant(
  config: Config,
  { file, tenant, progress }: { readonly file: string; readonly tenant: string; readonly progress: Progress },
): Promise<WrittenFile> {
  requireNew(file);
  const isOwn = ({ text }: KeptLine) => (JSON.parse(text) as { readonly tenant?: unknown }).tenant === tenant;
  return withLog(config, (log, sealed) =>
    writeLines(file, {
      log,
      sealed,
      isSelected: isOwn,
      progress,
      kind: 'export',
      tenant,
      proven: linesAlone,
    }),
  );
}

/** The lines that are due. */
export const findDue = (config: Config, progress: Progress): Promise<LineSummary> =>
  withLog(config, async (log, sealed) => {
    const { isSelected, summary } = summarized(dueLines(config, systemNow()));
    const selection = await selectionOf(log, sealed, isSelected, progress);
    if (selection) for await (const _ of selectedLines(selection));
    return summary();
  });

async function withLog<T>(
  config: Config,
  work: (log: OpenLog, sealed: SealedLog | undefined) => Promise<T>,
): Promise<T> {
  const log = await openConfiguredLog(config);
  try {
    return await work(log, await readSealedLog(log));
  } finally {
    await log.view.close();
  }
}

/** Only lines that are sealed and indexed: others cannot be pruned. */
async function selectionOf(
  { view }: OpenLog,
  sealed: SealedLog | undefined,
  isSelected: LineSelection['isSelected'],
  progress: Progress,
): Promise<LineSelection | undefined> {
  if (!sealed) return undefined;
  const { size } = sealed.checkpoint;
  return { log: view.log, size, last: Math.min(size, await view.index.indexed()), isSelected, progress };
}

async function writeLines(
  file: string,
  options: {
    readonly log: OpenLog;
    readonly sealed: SealedLog | undefined;
    readonly isSelected: LineSelection['isSelected'];
    readonly progress: Progress;
    readonly kind: FileHeader['kind'];
    readonly tenant?: string;
    readonly proven: (selection: LineSelection) => AsyncGenerator<WrittenItem>;
  },
): Promise<WrittenFile> {
  const { log, sealed, progress, kind, tenant, proven } = options;
  const { isSelected, summary } = summarized(options.isSelected);
  const selection = await selectionOf(log, sealed, isSelected, progress);
  const items = selection ? proven(selection) : undefined;
  const first = await items?.next();
  if (!sealed || !items || !first || first.done) return { file: null, sha256: null, ...summary() };
  async function* all(): AsyncGenerator<WrittenItem> {
    yield first!.value as WrittenItem;
    yield* items!;
  }
  const header: FileHeader = {
    ...{ sojourn_audit: 1, kind, created_at: toTimestamp(systemNow()) },
    ...(tenant !== undefined && { tenant }),
    checkpoint: sealed.seal.checkpoint,
  };
  const sha256 = await writeNewFile(file, fileText(header, all()));
  return { file, sha256, ...summary() };
}

/** The same selection, which counts. */
function summarized(isSelected: LineSelection['isSelected']) {
  const lines: KeptLine[] = [];
  const events: Record<string, number> = Object.create(null);
  let count = 0;
  return {
    isSelected(line: KeptLine): boolean {
      if (!isSelected(line)) return false;
      count++;
      lines.splice(1, lines.length === 2 ? 1 : 0, line);
      const { event = '' } = JSON.parse(line.text) as { readonly event?: string };
      events[event] = (events[event] ?? 0) + 1;
      return true;
    },
    summary(): LineSummary {
      const [first, last = first] = lines;
      return {
        ...{ lines: count, first: first?.sequence ?? null, last: last?.sequence ?? null },
        first_at: first ? toTimestamp(first.at) : null,
        last_at: last ? toTimestamp(last.at) : null,
        events: { ...events },
      };
    },
  };
}
