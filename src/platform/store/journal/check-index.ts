/**
 * Checks that the index has every line under exactly its keys. Reads the lines and the lists once each, in any order of lists:
 * for each block it compares the sum (XOR) of the hashes of its lists. The hashes have a random key, so that an attacker cannot
 * choose lists with the same sum. It compares the lists themselves only in a block that differs.
 */
import { hash, randomBytes } from 'node:crypto';
import type { JournalLog, SealedLine } from '../contract.ts';
import { type IndexAddition, indexOf } from './index-lines.ts';
import { blockOf, blockSize, numbersIn } from './postings.ts';
import type { JournalIndex } from './view.ts';

export interface IndexFault {
  /** The first line that the fault concerns. */
  readonly sequence: number;
  /** A predicate of the index: `does not list it under client:cli_1`. */
  readonly fault: string;
}

export class IndexCheck {
  readonly #index: JournalIndex;
  readonly #lines: JournalLog['lines'];
  /** The number of the last line that was indexed when the check began. */
  readonly #indexed: number;
  readonly #key = randomBytes(16).toString('hex');
  readonly #sums = new Map<number, Buffer>();
  readonly #hours = new Map<number, [number, number]>();
  /** Of the block to which lines are added. */
  readonly #lists = new Map<string, string>();
  #block = 0;

  private constructor(index: JournalIndex, lines: JournalLog['lines'], indexed: number) {
    this.#index = index;
    this.#lines = lines;
    this.#indexed = indexed;
  }

  static async begin(index: JournalIndex, lines: JournalLog['lines']): Promise<IndexCheck> {
    return new IndexCheck(index, lines, await index.indexed());
  }

  /** Adds all lines, in ascending order. */
  add(lines: readonly SealedLine[]): void {
    const indexed = lines.filter(({ sequence }) => sequence <= this.#indexed);
    for (let start = 0; start < indexed.length; ) {
      const block = blockOf(indexed[start]!.sequence);
      let end = start + 1;
      while (end < indexed.length && blockOf(indexed[end]!.sequence) === block) end++;
      if (block !== this.#block) this.#endBlock();
      this.#block = block;
      this.#addToBlock(readableIndexOf(indexed.slice(start, end)));
      start = end;
    }
  }

  #addToBlock({ postings, hours }: IndexAddition): void {
    for (const { name, list } of postings) this.#lists.set(name, (this.#lists.get(name) ?? '') + list);
    for (const [hour, [first, last]] of hours) {
      const span = this.#hours.get(hour);
      if (span) span[1] = last;
      else this.#hours.set(hour, [first, last]);
    }
  }

  #endBlock(): void {
    for (const [name, list] of this.#lists) this.#toggle(this.#block, name, list);
    this.#lists.clear();
  }

  #toggle(block: number, name: string, list: string): void {
    const digest = hash('sha256', `${this.#key}${name}\n${list}`, 'buffer');
    const sum = this.#sums.get(block);
    if (!sum) this.#sums.set(block, digest);
    else for (let i = 0; i < sum.length; i++) sum[i]! ^= digest[i]!;
  }

  /** The first fault, after all lines were added. */
  async finish(): Promise<IndexFault | undefined> {
    this.#endBlock();
    let newest = 0;
    for await (const { name, block, list } of this.#index.lists()) {
      const { kept, last } = this.#withoutNewer(name, block, list);
      newest = Math.max(newest, last);
      if (kept !== '') this.#toggle(block, name, kept);
    }
    const indexed = await this.#index.indexed();
    const different = [...this.#sums]
      .filter(([, sum]) => sum.some((byte) => byte !== 0))
      .map(([block]) => block);
    for (const block of different.toSorted((a, b) => a - b)) {
      const fault = await this.#compare(block);
      if (fault) return fault;
    }
    if (newest > indexed) return { sequence: newest, fault: 'lists it, but it is not indexed yet' };
    return this.#compareHours(indexed);
  }

  /** The list without lines that were indexed since the check began, and the number of its last line. */
  #withoutNewer(name: string, block: number, list: string): { kept: string; last: number } {
    const numbers = numbersIn(name, block, list);
    if (!numbers) return { kept: list, last: 0 };
    const width = list.length / numbers.length;
    let count = numbers.length;
    while (count > 0 && numbers[count - 1]! > this.#indexed) count--;
    const last = numbers.at(-1) ?? 0;
    return { kept: list.slice(0, count * width), last: last > this.#indexed ? last : 0 };
  }

  /** Reads the block again: a line that was pruned during the check is in no list any more. */
  async #compare(block: number): Promise<IndexFault | undefined> {
    const start = block * blockSize;
    const lines = await this.#lines(Math.max(0, start - 1), blockSize);
    const expected = new Map<string, string>();
    const own = lines.filter(({ sequence }) => blockOf(sequence) === block && sequence <= this.#indexed);
    for (const { name, list } of readableIndexOf(own).postings) expected.set(name, list);
    const faults: IndexFault[] = [];
    for await (const { name, list } of this.#index.lists(block)) {
      const { kept } = this.#withoutNewer(name, block, list);
      faults.push(...difference(name, block, expected.get(name) ?? '', kept));
      expected.delete(name);
    }
    for (const [name, list] of expected) faults.push(...difference(name, block, list, ''));
    return faults.toSorted((a, b) => a.sequence - b.sequence)[0];
  }

  async #compareHours(indexed: number): Promise<IndexFault | undefined> {
    const hours = new Map(await this.#index.hours());
    for (const [hour, [first, last]] of this.#hours) {
      const actual = hours.get(hour) ?? [0, 0];
      hours.delete(hour);
      const isNewer = actual[1] > this.#indexed && actual[1] <= indexed;
      if (actual[0] === first && (actual[1] === last || isNewer)) continue;
      return { sequence: first, fault: `does not have it right in the hour ${hour}` };
    }
    for (const [hour, [first]] of hours)
      if (first <= this.#indexed || first > indexed)
        return { sequence: first, fault: `lists it in the hour ${hour}, which is not its own` };
    return undefined;
  }
}

/** An edited line may not be JSON; then no key is expected for it. */
function readableIndexOf(lines: readonly SealedLine[]): IndexAddition {
  try {
    return indexOf(lines);
  } catch {
    return indexOf(lines.map((line) => (isJson(line.text) ? line : { ...line, text: undefined })));
  }
}

function isJson(text: string | undefined): boolean {
  try {
    if (text !== undefined) JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** For the first line at which two lists differ, what is wrong with the actual one. */
function difference(name: string, block: number, expected: string, actual: string): IndexFault[] {
  const right = postingsIn(name, block, expected)!;
  const found = postingsIn(name, block, actual);
  const [start = block * blockSize] = right.values();
  if (!found) return [{ sequence: start, fault: `has a damaged list ${name}` }];
  const missing = [...right].filter(([posting]) => !found.has(posting)).map(([, sequence]) => sequence);
  const added = [...found].filter(([posting]) => !right.has(posting)).map(([, sequence]) => sequence);
  const sequence = Math.min(...missing, ...added);
  if (sequence === Number.POSITIVE_INFINITY)
    return expected === actual
      ? []
      : [{ sequence: start, fault: `has the list ${name} in another order, or an entry of it twice` }];
  return [
    missing.includes(sequence)
      ? { sequence, fault: `does not list it under ${name}` }
      : { sequence, fault: `lists it under ${name}, which is not its key` },
  ];
}

/** By posting, the number of its line; undefined if the list is damaged. */
function postingsIn(name: string, block: number, list: string): ReadonlyMap<string, number> | undefined {
  const numbers = numbersIn(name, block, list);
  if (!numbers) return undefined;
  const width = list.length / numbers.length;
  return new Map(numbers.map((number, i) => [list.slice(i * width, (i + 1) * width), number]));
}
