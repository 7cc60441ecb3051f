/** Records of prunings, `audit.pruned`: the only reason for which a line may have no text. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { AuditEntry } from '../../platform/audit/index.ts';

export const prunedEvent = 'audit.pruned';

/** From the first to the last line of one record: 6 kB of bits, so at most 8 kB of text. */
export const recordSpan = 12 * 4_096;

export interface PruneRecord {
  /** Ascending. */
  readonly lines: readonly number[];
  /** SHA-256 of the archive file, in hexadecimal. */
  readonly archive: string;
}

/** @param checkpoint that covers the lines */
export function pruneRecord(
  { lines, archive }: PruneRecord,
  checkpoint: { readonly size: number; readonly root: Uint8Array },
): AuditEntry {
  const [first, last] = [lines[0]!, lines.at(-1)!];
  const bits = new Uint8Array(Math.floor((last - first) / 8) + 1);
  for (const line of lines) bits[(line - first) >> 3]! |= 1 << ((line - first) & 7);
  return {
    event: prunedEvent,
    outcome: 'ok',
    actor: 'system',
    facts: {
      first,
      last,
      count: lines.length,
      /** A bit for each line from the first to the last one, deflated. */
      lines: deflateRawSync(bits).toString('base64'),
      archive_sha256: archive,
      checkpoint_size: checkpoint.size,
      checkpoint_root: Buffer.from(checkpoint.root).toString('base64'),
    },
  };
}

/** The record in the text of an entry; undefined if it is none. */
export function readPruneRecord(text: string): PruneRecord | undefined {
  if (!text.includes(`"event":"${prunedEvent}"`)) return undefined;
  try {
    const { event, facts } = JSON.parse(text) as Partial<AuditEntry>;
    if (event !== prunedEvent || !facts) return undefined;
    const { first, lines, archive_sha256 } = facts;
    const bits = inflateRawSync(Buffer.from(String(lines), 'base64'), { maxOutputLength: recordSpan / 8 });
    const numbers: number[] = [];
    for (let i = 0; i < bits.length * 8; i++)
      if (bits[i >> 3]! & (1 << (i & 7))) numbers.push(Number(first) + i);
    return Number.isSafeInteger(first) && Number(first) > 0
      ? { lines: numbers, archive: String(archive_sha256) }
      : undefined;
  } catch {
    return undefined;
  }
}
