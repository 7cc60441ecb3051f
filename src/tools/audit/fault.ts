/** What a verification finds: the first line that is wrong, how, and what to do. */
import { toTimestamp } from '../../platform/time/index.ts';

export type FaultKind =
  | 'missing'
  | 'edited'
  | 'added'
  | 'moved'
  /** The text was removed, and no `audit.pruned` record names the line. */
  | 'removed'
  | 'index'
  | 'hashes'
  | 'checkpoint'
  | 'unsealed'
  | 'archive'
  | 'file';

export interface Fault {
  readonly kind: FaultKind;
  /** The number of the line; null if the fault is of no single line. */
  readonly line: number | null;
  /** As the line says it; null if there is no such line. RFC 3339. */
  readonly occurred_at: string | null;
  readonly detail: string;
  readonly advice: string;
}

const compare =
  'Compare it with a backup, an export or an archive, and find out who had write access to the store. Sojourn changed nothing.';

/** @param says a predicate of the line */
export const lineFault = (kind: FaultKind, line: number, at: number | undefined, says: string): Fault => ({
  kind,
  line,
  occurred_at: timeOf(at),
  detail: `Line ${line}${at === undefined ? '' : ` of ${timeOf(at)}`} ${says}.`,
  advice: compare,
});

export const logFault = (kind: FaultKind, detail: string, advice = compare): Fault => ({
  kind,
  line: null,
  occurred_at: null,
  detail,
  advice,
});

/** An edited time can be any integer. */
const timeOf = (at: number | undefined): string | null =>
  at === undefined || Math.abs(at) > 8.64e15 ? null : toTimestamp(at);
