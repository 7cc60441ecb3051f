/** Proofs from the sealed audit log, for programs that check it without trusting this server. */
import { SojournError } from '../errors/index.ts';
import { consistencyProof, hashBytes, inclusionProof, type TilePath, tileWidth } from '../merkle/index.ts';
import type { JournalLog, Seal } from '../store/index.ts';
import { lineText } from './leaf.ts';

/** Hashes and salts in base64. */
export interface InclusionProof {
  readonly id: number;
  /** Of the leaf in the tree: `id` − 1. */
  readonly index: number;
  readonly size: number;
  /** What the leaf commits to, together with the salt; null if the line was pruned. */
  readonly line: string | null;
  readonly salt: string | null;
  readonly leaf_hash: string;
  readonly proof: readonly string[];
  /** The signed note of this size; null if it is not the last one. */
  readonly checkpoint: string | null;
}

export interface ConsistencyProof {
  readonly from: number;
  readonly to: number;
  readonly proof: readonly string[];
  readonly checkpoint: string | null;
}

export interface AuditProofs {
  /** The last signed note, and its time in milliseconds since the epoch. Rejects with `audit_not_sealed` if there is none. */
  checkpoint(): Promise<{ readonly note: string; readonly sealedAt: number }>;
  /** Rejects with `audit_not_sealed` if the line, or the first `size` lines, are not sealed. */
  inclusion(line: { readonly id: number; readonly size?: number }): Promise<InclusionProof>;
  /** Rejects with `audit_not_sealed` if the first `from` or `to` lines are not sealed. */
  consistency(sizes: { readonly from: number; readonly to?: number }): Promise<ConsistencyProof>;
  /** The hashes of a tile; undefined if the log does not have so many. */
  tile(path: TilePath): Promise<Uint8Array | undefined>;
}

export function createProofs(log: JournalLog): AuditProofs {
  /** The last seal, which covers at least `size` lines. */
  async function sealed(size: number): Promise<Seal> {
    const seal = await log.sealed();
    if (seal && seal.size >= size) return seal;
    const actual = seal ? `the last checkpoint covers ${seal.size} lines` : 'it has no checkpoint yet';
    throw new SojournError('audit_not_sealed', {
      detail: `The audit log is not sealed up to line ${size}: ${actual}.`,
    });
  }

  return {
    async checkpoint() {
      const { checkpoint, marks } = await sealed(1);
      const { sealed_at: sealedAt } = (JSON.parse(marks) as { marks: { sealed_at: number } }).marks;
      return { note: checkpoint, sealedAt };
    },

    async inclusion({ id, size: requested = 0 }) {
      const { checkpoint, size: last } = await sealed(Math.max(id, requested));
      const size = requested === 0 ? last : requested;
      const index = id - 1;
      const [[line], tile, proof] = await Promise.all([
        log.lines(index, 1),
        log.tile(0, Math.floor(index / tileWidth)),
        inclusionProof({ index, size }, log.tile),
      ]);
      const present =
        line?.sequence === id && line.text !== undefined ? { ...line, text: line.text } : undefined;
      return {
        ...{ id, index, size },
        line: present ? lineText(present) : null,
        salt: present ? base64(present.salt) : null,
        leaf_hash: base64(hashAt(tile!, index % tileWidth)),
        proof: proof.map(base64),
        checkpoint: size === last ? checkpoint : null,
      };
    },

    async consistency({ from, to: requested = 0 }) {
      const { checkpoint, size: last } = await sealed(Math.max(from, requested));
      const to = requested === 0 ? last : requested;
      const proof = await consistencyProof({ from, to }, log.tile);
      return { from, to, proof: proof.map(base64), checkpoint: to === last ? checkpoint : null };
    },

    async tile({ level, index, width }) {
      const hashes = await log.tile(level, index);
      return hashes && hashes.length >= width * hashBytes ? hashes.subarray(0, width * hashBytes) : undefined;
    },
  };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const hashAt = (tile: Uint8Array, place: number) => tile.subarray(place * hashBytes, (place + 1) * hashBytes);
