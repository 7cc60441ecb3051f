/** The lines of a file with their proofs, as they are in the log. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { leafOf } from '../../platform/audit/index.ts';
import { SojournError } from '../../platform/errors/index.ts';
import { hashBytes, inclusionProof, tileWidth } from '../../platform/merkle/index.ts';
import type { JournalView, SealedLine } from '../../platform/store/index.ts';
import type { WrittenItem } from './line-file.ts';

/** A line with its text. */
export type KeptLine = SealedLine & { readonly text: string };

export interface LineSelection {
  readonly log: JournalView['log'];
  /** The size of the checkpoint to which the proofs lead. */
  readonly size: number;
  /** Later lines are left out. */
  readonly last: number;
  readonly isSelected: (line: KeptLine) => boolean;
  readonly progress: (lines: number) => void;
}

const batchSize = 16 * tileWidth;

/** The selected lines of each tile, without tiles that have none. */
export async function* selectedLines({
  log,
  last,
  isSelected,
  progress,
}: LineSelection): AsyncGenerator<{ readonly tile: number; readonly lines: readonly KeptLine[] }> {
  for (let start = 0; start < last; start += batchSize) {
    const lines = await log.lines(start, Math.min(batchSize, last - start));
    const byTile = new Map<number, KeptLine[]>();
    for (const line of lines) {
      if (line.sequence > last || line.text === undefined || !isSelected(line as KeptLine)) continue;
      const tile = Math.floor((line.sequence - 1) / tileWidth);
      const others = byTile.get(tile);
      if (others) others.push(line as KeptLine);
      else byTile.set(tile, [line as KeptLine]);
    }
    for (const [tile, ofTile] of byTile) yield { tile, lines: ofTile };
    progress(Math.min(last, start + batchSize));
    await nextTurn();
  }
}

/** Each tile with its proof, and then its lines. */
export async function* linesByTile(selection: LineSelection): AsyncGenerator<WrittenItem> {
  const { log, size } = selection;
  for await (const { tile, lines } of selectedLines(selection)) {
    const width = Math.min(tileWidth, size - tile * tileWidth);
    const hashes = Buffer.from((await log.tile(0, tile)) ?? []).subarray(0, width * hashBytes);
    for (const line of lines) requireLeaf(line, hashes);
    // The proof of its first leaf, from the root of the tile on.
    const proof = await inclusionProof({ index: tile * tileWidth, size }, log.tile);
    yield {
      tile,
      hashes: hashes.toString('base64'),
      proof: proof.slice(Math.ceil(Math.log2(width))).map(base64),
    };
    for (const line of lines) yield written(line);
  }
}

/** Each line with its proof. */
export async function* linesAlone(selection: LineSelection): AsyncGenerator<WrittenItem> {
  const { log, size } = selection;
  for await (const { tile, lines } of selectedLines(selection)) {
    const hashes = Buffer.from((await log.tile(0, tile)) ?? []);
    for (const line of lines) {
      requireLeaf(line, hashes);
      const proof = await inclusionProof({ index: line.sequence - 1, size }, log.tile);
      yield { ...written(line), proof: proof.map(base64) };
    }
  }
}

/** A file with a wrong line would verify nowhere. */
function requireLeaf(line: KeptLine, hashes: Buffer): void {
  const start = ((line.sequence - 1) % tileWidth) * hashBytes;
  if (hashes.subarray(start, start + hashBytes).equals(leafOf(line))) return;
  throw new SojournError('journal_damaged', {
    detail: `Line ${line.sequence} of the audit log is not what was sealed; no file was written.`,
    advice: 'Run `sojourn audit verify`, which says what was changed.',
  });
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const written = ({ sequence, at, salt, text }: KeptLine) => ({
  line: sequence,
  at,
  salt: base64(salt),
  text,
});
