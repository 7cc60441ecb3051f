/** Compares archives with a log: their lines must be the pruned ones, and be what was sealed. */
import { hashBytes, tileWidth, type VerifierKey } from '../../platform/merkle/index.ts';
import type { JournalView } from '../../platform/store/index.ts';
import { type Fault, lineFault, logFault } from './fault.ts';
import type { FileLine } from './line-file.ts';
import { LineSet } from './line-set.ts';
import type { PruneRecord } from './records.ts';
import { verifyFile } from './verify-file.ts';

/** The first fault, and the number of pruned lines that the archives have. */
export async function checkArchives(
  files: readonly string[],
  {
    view,
    key,
    records,
    pruned,
  }: {
    readonly view: JournalView;
    /** Of the last checkpoint. */
    readonly key: VerifierKey | undefined;
    readonly records: readonly PruneRecord[];
    readonly pruned: LineSet;
  },
): Promise<{ readonly fault: Fault | undefined; readonly archived: number }> {
  const archived = new LineSet();
  for (const file of files) {
    if (!key)
      return {
        fault: logFault('archive', `${file} is not of this log, which has no checkpoint yet.`),
        archived: 0,
      };
    const own = new LineSet();
    const compare = comparison(view);
    const result = await verifyFile(file, {
      key,
      onLine(line, leaf) {
        own.add(line.line);
        if (pruned.has(line.line)) archived.add(line.line);
        return compare(line, leaf);
      },
    });
    const fault = result.fault ?? compareRecords(result.sha256!, file, own, records);
    if (fault) return { fault: { ...fault, detail: `${file}: ${fault.detail}` }, archived: archived.size };
  }
  return { fault: undefined, archived: archived.size };
}

/** Compares lines in ascending order with those of the log. */
function comparison({ log }: JournalView): (line: FileLine, leaf: Uint8Array) => Promise<Fault | undefined> {
  let tile:
    | { readonly index: number; readonly hashes: Buffer; readonly times: ReadonlyMap<number, number> }
    | undefined;
  return async ({ line, at }, leaf) => {
    const index = Math.floor((line - 1) / tileWidth);
    if (tile?.index !== index) {
      const rows = await log.lines(index * tileWidth, tileWidth);
      const times = new Map(rows.map((row) => [row.sequence, row.at]));
      tile = { index, hashes: Buffer.from((await log.tile(0, index)) ?? []), times };
    }
    const start = ((line - 1) % tileWidth) * hashBytes;
    if (!tile.hashes.subarray(start, start + hashBytes).equals(leaf))
      return lineFault('archive', line, at, 'is another line than the log has under this number');
    const actual = tile.times.get(line);
    return actual === at
      ? undefined
      : lineFault('edited', line, actual, 'has another time in the log than in the archive');
  };
}

function compareRecords(
  sha256: string,
  file: string,
  lines: LineSet,
  records: readonly PruneRecord[],
): Fault | undefined {
  const own = records.filter(({ archive }) => archive === sha256);
  if (own.length === 0)
    return logFault(
      'archive',
      `No pruning recorded this file, whose SHA-256 is ${sha256}: it was changed, or is no archive of a pruning.`,
      `To verify it alone, run: sojourn audit verify --export ${file}`,
    );
  const named = new LineSet();
  for (const record of own) for (const line of record.lines) named.add(line);
  const missing = named.firstWithout(lines);
  return missing === undefined
    ? undefined
    : lineFault('missing', missing, undefined, 'was pruned with this archive, and is not in it');
}
