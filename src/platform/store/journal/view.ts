/** The journal, opened to be read only: what a verification needs of a backend. */
import type { JournalLog, Store } from '../contract.ts';

/** Where the lines with a key are in a block; see postings.ts. */
export interface PostingList {
  readonly name: string;
  readonly block: number;
  readonly list: string;
}

export interface JournalIndex {
  /** The number of the last indexed line; 0 if there is none. */
  indexed(): Promise<number>;
  /** The lists of one block, or of all blocks; in any order. */
  lists(block?: number): AsyncIterable<PostingList>;
  /** By hour, the first and the last indexed line. */
  hours(): Promise<ReadonlyMap<number, readonly [first: number, last: number]>>;
}

export interface JournalView extends Pick<Store, 'get' | 'close'> {
  readonly log: Pick<JournalLog, 'lines' | 'tile' | 'sealed'>;
  readonly index: JournalIndex;
}
