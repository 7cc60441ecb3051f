/** A log in memory: its leaves, and the tiles that the server's code makes of them. */
import {
  appendLeaves,
  type Frontier,
  type ReadTile,
  readFrontier,
} from '../../../src/platform/merkle/index.ts';
import { leaf } from './specification.ts';

export class MemoryLog {
  readonly leaves: Uint8Array[] = [];
  readonly tiles = new Map<string, Uint8Array>();
  reads = 0;

  readonly readTile: ReadTile = async (level, index) => {
    this.reads++;
    return this.tiles.get(`${level}/${index}`);
  };

  /** Appends in one batch; each leaf differs from all others. */
  async grow(count: number, label = 'entry'): Promise<Frontier> {
    const added = Array.from({ length: count }, (_, i) =>
      leaf(Buffer.from(`${label} ${this.leaves.length + i}`)),
    );
    const { frontier, tiles } = appendLeaves(
      await readFrontier(this.leaves.length, this.readTile),
      Buffer.concat(added),
    );
    for (const { level, index, hashes } of tiles) this.tiles.set(`${level}/${index}`, hashes);
    this.leaves.push(...added);
    return frontier;
  }
}
