/** Checks every line against the hashes of the signed tree, and collects what the rest of a verification needs. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { leafOf } from '../../platform/audit/index.ts';
import { appendLeaves, type Frontier, hashBytes, rootOf, tileWidth } from '../../platform/merkle/index.ts';
import type { IndexCheck, JournalView, SealedLine } from '../../platform/store/index.ts';
import { type Fault, lineFault, logFault } from './fault.ts';
import { LineSet } from './line-set.ts';
import { type PruneRecord, readPruneRecord } from './records.ts';
import type { TreeCheck } from './tree-check.ts';

export interface LineResult {
  readonly fault: Fault | undefined;
  /** Whether the fault is that the store has no line with this number. */
  readonly isAbsent: boolean;
  /** Lines without text. */
  readonly pruned: LineSet;
  readonly records: readonly PruneRecord[];
  /** The number of the last line. */
  readonly newest: number;
  /** The time of the oldest line after the checkpoint. */
  readonly unsealedSince: number | undefined;
}

export interface LineCheckOptions {
  readonly log: JournalView['log'];
  readonly checkpoint: { readonly size: number; readonly root: Uint8Array };
  readonly tree: TreeCheck;
  readonly index: IndexCheck;
  readonly progress: (lines: number) => void;
}

/** Lines per read: 16 tiles. */
const batchSize = 2 * tileWidth;

const none = new Uint8Array();

export async function checkLines(options: LineCheckOptions): Promise<LineResult> {
  const { log, checkpoint, tree, index, progress } = options;
  const { size, root } = checkpoint;
  const pruned = new LineSet();
  const records: PruneRecord[] = [];
  /** In a tile that the checkpoint does not prove, either a line or its stored hash is wrong. */
  const first: { proven?: Difference; unproven?: Difference } = {};
  let prunedIsUnproven = false;
  let frontier: Frontier = { size: 0, levels: [] };
  let changedTile: { readonly level: number; readonly index: number } | undefined;

  const note = (line: SealedLine) => {
    const record = line.text === undefined ? undefined : readPruneRecord(line.text);
    if (record) records.push(record);
    if (line.text === undefined) pruned.add(line.sequence);
  };

  for (let start = 0; start < size; start += batchSize) {
    const end = Math.min(size, start + batchSize);
    const lines = (await log.lines(start, end - start)).filter(({ sequence }) => sequence <= end);
    for (const line of lines) note(line);
    index.add(lines);
    const bySequence = new Map(lines.map((line) => [line.sequence, line]));
    for (let leaf = start; leaf < end; leaf += tileWidth) {
      const width = Math.min(tileWidth, end - leaf);
      const stored = (await log.tile(0, leaf / tileWidth)) ?? none;
      const { leaves, difference, hasPruned } = compareTile(leaf, width, stored, bySequence);
      const isProven = tree.isTrusted(leaf / tileWidth) || difference?.line === undefined;
      if (difference) first[isProven ? 'proven' : 'unproven'] ??= difference;
      if (hasPruned && !tree.isTrusted(leaf / tileWidth)) prunedIsUnproven = true;
      if (tree.isIntact) continue;
      const { frontier: next, tiles } = appendLeaves(frontier, leaves);
      frontier = next;
      for (const { level, index: number, hashes } of tiles) {
        const isEnd = hashes.length === tileWidth * hashBytes || leaf + width === size;
        if (!changedTile && isEnd && !startsWith(await log.tile(level, number), hashes))
          changedTile = { level, index: number };
      }
    }
    progress(end);
    await nextTurn();
  }

  let unsealedSince: number | undefined;
  let newest = size;
  let gap: Fault | undefined;
  for (;;) {
    const lines = await log.lines(newest, batchSize);
    for (const line of lines) {
      note(line);
      unsealedSince = Math.min(unsealedSince ?? line.at, line.at);
      gap ??= gapBefore(line, newest);
      newest = line.sequence;
    }
    index.add(lines);
    progress(newest);
    if (lines.length < batchSize) break;
  }

  const fault = await decide();
  const isAbsent = first.proven !== undefined && first.proven.line === undefined;
  return { fault, isAbsent, pruned, records, newest, unsealedSince };

  async function decide(): Promise<Fault | undefined> {
    if (first.proven) return describe(first.proven, options);
    if (tree.isIntact) return gap;
    if (size > 0 && !Buffer.from(rootOf(frontier)).equals(root)) {
      // The tile has the only hash of a pruned line, so the other lines may be intact.
      if (first.unproven && !prunedIsUnproven) return describe(first.unproven, options);
      const [start, end] = tree.unproven();
      return logFault(
        'hashes',
        `The hashes of the lines from ${start} to ${end} were changed, and perhaps lines with them: they do not give the root of the checkpoint.`,
      );
    }
    const { level, index: number } = changedTile ?? { level: 0, index: 0 };
    return logFault(
      'hashes',
      `The tile ${number} of level ${level} is not that of the checkpoint. All lines are intact.`,
      'Restore the store from a backup: the server does not seal new lines with wrong hashes.',
    );
  }
}

interface Difference {
  readonly sequence: number;
  readonly line: SealedLine | undefined;
  /** Of the line as it is. */
  readonly leaf: Uint8Array | undefined;
  /** As the tile has it. */
  readonly stored: Uint8Array;
}

/** The leaves of the lines; of a line that is missing or pruned, the stored one. */
function compareTile(
  start: number,
  width: number,
  stored: Uint8Array,
  lines: ReadonlyMap<number, SealedLine>,
): { readonly leaves: Uint8Array; readonly difference: Difference | undefined; readonly hasPruned: boolean } {
  const leaves = new Uint8Array(width * hashBytes);
  let difference: Difference | undefined;
  let hasPruned = false;
  for (let i = 0; i < width; i++) {
    const sequence = start + i + 1;
    const line = lines.get(sequence);
    const expected = stored.subarray(i * hashBytes, (i + 1) * hashBytes);
    const leaf = line && leafIfKept(line);
    if (line && !leaf) hasPruned = true;
    leaves.set(leaf ?? expected, i * hashBytes);
    const isRight = line && (leaf ? Buffer.compare(leaf, expected) === 0 : expected.length === hashBytes);
    if (!isRight) difference ??= { sequence, line, leaf, stored: expected };
  }
  return { leaves, difference, hasPruned };
}

const leafIfKept = ({ at, salt, text }: SealedLine): Uint8Array | undefined =>
  text === undefined ? undefined : leafOf({ at, salt, text });

const startsWith = (tile: Uint8Array | undefined, hashes: Uint8Array): boolean =>
  tile !== undefined && Buffer.compare(tile.subarray(0, hashes.length), hashes) === 0;

function gapBefore({ sequence, at, text }: SealedLine, previous: number): Fault | undefined {
  if (sequence !== previous + 1)
    return lineFault('missing', previous + 1, undefined, `is missing, and line ${sequence} exists`);
  if (text === undefined)
    return lineFault(
      'removed',
      sequence,
      at,
      'has no text, and was not sealed yet, so nothing could prune it',
    );
  return undefined;
}

/** Says whether the line is missing, edited, added or at another's place. */
async function describe(
  { sequence, line, leaf, stored }: Difference,
  { log, checkpoint: { size } }: LineCheckOptions,
): Promise<Fault> {
  if (!line) return lineFault('missing', sequence, undefined, 'is missing');
  const [next] = await log.lines(sequence, 1);
  const nextLeaf = next?.sequence === sequence + 1 ? leafIfKept(next) : undefined;
  const follows = (hash: Uint8Array) => nextLeaf !== undefined && Buffer.compare(nextLeaf, hash) === 0;
  if (stored.length === hashBytes && follows(stored))
    if ((await placeOf(leaf, size, log)) !== sequence + 1)
      return lineFault('added', sequence, line.at, 'was added: the sealed line follows it');
  const place = await placeOf(leaf, size, log);
  if (place === undefined)
    return lineFault(
      'edited',
      sequence,
      line.at,
      'was edited: its time, text or salt is not what was sealed',
    );
  const afterPlace = place > sequence ? await leafAt(place + 1, log) : undefined;
  if (afterPlace && follows(afterPlace))
    return lineFault(
      'missing',
      sequence,
      undefined,
      `is missing: line ${place} and those after it have moved up`,
    );
  return lineFault('moved', sequence, line.at, `is at the wrong place: it was sealed as line ${place}`);
}

/** The number under which this leaf was sealed. */
async function placeOf(
  leaf: Uint8Array | undefined,
  size: number,
  log: JournalView['log'],
): Promise<number | undefined> {
  for (let index = 0; leaf && index * tileWidth < size; index++) {
    const tile = Buffer.from((await log.tile(0, index)) ?? none);
    for (let start = tile.indexOf(leaf); start >= 0; start = tile.indexOf(leaf, start + 1))
      if (start % hashBytes === 0) return index * tileWidth + start / hashBytes + 1;
  }
  return undefined;
}

async function leafAt(line: number, log: JournalView['log']): Promise<Uint8Array | undefined> {
  const tile = await log.tile(0, Math.floor((line - 1) / tileWidth));
  const start = ((line - 1) % tileWidth) * hashBytes;
  return tile && tile.length >= start + hashBytes ? tile.subarray(start, start + hashBytes) : undefined;
}
