/**
 * Group commit of lines. A commit waits for the disk, and for the standby if there is a synchronous one, and one process appends at a
 * time. So all lines that arrive during a commit share the next one.
 */
import type { Continuity } from '../continuity.ts';
import { lostLines, lostWrites } from '../continuity.ts';
import { type Database, prepared } from './database.ts';
import { inTime } from './failure.ts';

export interface NewLine {
  readonly at: number;
  readonly salt: Uint8Array;
  readonly text: string;
}

interface Pending extends PromiseWithResolvers<number> {
  readonly line: NewLine;
}

/** Bounds the time of one commit. */
const maxLines = 500;

const appendLines = prepared('SELECT sojourn.append_lines($1, $2, $3, $4, $5) AS first');

export interface GroupCommit {
  /** Resolves to the number of the line when it is committed. */
  append(line: NewLine): Promise<number>;
  /** Resolves when no line is pending. */
  settled(): Promise<void>;
}

export function groupCommit(database: Database, continuity: Continuity): GroupCommit {
  let pending: Pending[] = [];
  let running: Promise<void> | undefined;

  async function commitAll(): Promise<void> {
    while (pending.length > 0) {
      const batch = pending.splice(0, maxLines);
      try {
        const first = await commit(batch.map(({ line }) => line));
        for (const [i, { resolve }] of batch.entries()) resolve(first + i);
      } catch (error) {
        // The lines that waited for this commit fail with it: sent now, they would outlast the deadline of their callers.
        for (const { reject } of [...batch, ...pending.splice(0)]) reject(error);
      }
    }
    running = undefined;
  }

  async function commit(lines: readonly NewLine[]): Promise<number> {
    const { sequence: last = 0, salt = null } = continuity.last ?? {};
    const columns = [
      lines.map(({ at }) => at),
      lines.map((line) => line.salt),
      lines.map(({ text }) => text),
    ];
    const [row] = await database.append(appendLines, last, salt, ...columns);
    const first = Number(row?.first);
    if (first === 0) throw lostWrites(continuity, lostLines);
    continuity.last = { sequence: first + lines.length - 1, salt: lines.at(-1)!.salt };
    return first;
  }

  return {
    async append(line) {
      const added: Pending = { line, ...Promise.withResolvers<number>() };
      pending.push(added);
      running ??= commitAll();
      try {
        return await inTime(() => added.promise);
      } finally {
        // Not appended after its caller has given up.
        pending = pending.filter((other) => other !== added);
      }
    },
    settled: async () => running,
  };
}
